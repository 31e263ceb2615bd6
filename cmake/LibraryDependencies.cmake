# What the installed libraries are linked with. Part of the build, and of the installed package: find_package(gigahop) reads
# this file. Keep the -dev package's dependencies (cmake/Install.cmake) in step.

find_package(fmt REQUIRED)
find_package(MPI 3.1 REQUIRED COMPONENTS CXX)
find_package(nlohmann_json REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(spdlog REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(libxxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)

find_path(METIS_INCLUDE_DIR metis.h REQUIRED)
find_library(METIS_LIBRARY metis REQUIRED)
add_library(gigahop::metis INTERFACE IMPORTED)
target_include_directories(gigahop::metis SYSTEM INTERFACE ${METIS_INCLUDE_DIR})
target_link_libraries(gigahop::metis INTERFACE ${METIS_LIBRARY})

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(gigahop::random123 INTERFACE IMPORTED)
target_include_directories(gigahop::random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})

# Every package that gigahop uses, each from the distribution. What a layer does not link it cannot include.
# Keep in step with launch/install_dependencies.sh.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

include(LibraryDependencies)
find_package(CLI11 REQUIRED)
find_package(dnnl REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(matio REQUIRED IMPORTED_TARGET matio)

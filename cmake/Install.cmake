# What `cmake --install` puts where, in two components, of each of which CPack makes a Debian package:
#   program      bin/gigahop, man pages, completion, configurations, scripts for clusters   gigahop
#   development  headers, static libraries, find_package(gigahop)                          libgigahop-dev
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(GIGAHOP_SHARE ${CMAKE_INSTALL_DATADIR}/gigahop)
set(GIGAHOP_INCLUDE ${CMAKE_INSTALL_INCLUDEDIR}/gigahop)
set(GIGAHOP_CMAKE ${CMAKE_INSTALL_LIBDIR}/cmake/gigahop)

install(TARGETS gigahop COMPONENT program)
install(DIRECTORY ${PROJECT_BINARY_DIR}/manual/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
install(FILES ${PROJECT_BINARY_DIR}/manual/gigahop.bash RENAME gigahop
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(DIRECTORY configs DESTINATION ${GIGAHOP_SHARE} COMPONENT program)
install(PROGRAMS launch/mpirun.sh DESTINATION ${GIGAHOP_SHARE}/launch COMPONENT program)
install(PROGRAMS launch/slurm/submit.sh launch/slurm/rank.sh DESTINATION ${GIGAHOP_SHARE}/launch/slurm COMPONENT program)
install(FILES launch/environment.sh launch/README.md DESTINATION ${GIGAHOP_SHARE}/launch COMPONENT program)
install(FILES launch/slurm/job.sh launch/slurm/README.md DESTINATION ${GIGAHOP_SHARE}/launch/slurm COMPONENT program)
install(FILES src/proto/config.proto DESTINATION ${GIGAHOP_SHARE} COMPONENT program)

# The layers that another program embeds, lowest first: partitioner, sampler, and what they stand on.
set(library_layers warnings proto base array graph tensor comm partition encode sampler)
list(TRANSFORM library_layers PREPEND gigahop_ OUTPUT_VARIABLE library_targets)
install(TARGETS ${library_targets} EXPORT gigahop ARCHIVE COMPONENT development)
install(EXPORT gigahop FILE gigahop-targets.cmake NAMESPACE gigahop:: DESTINATION ${GIGAHOP_CMAKE} COMPONENT development)
foreach(folder src/base src/array src/graph src/tensor src/encode comm partition sampler)
  string(REGEX REPLACE "^src/" "" installed ${folder})
  install(DIRECTORY ${folder}/ DESTINATION ${GIGAHOP_INCLUDE}/${installed} COMPONENT development
    FILES_MATCHING PATTERN "*.h" PATTERN cuda EXCLUDE)
endforeach()
install(DIRECTORY ${PROJECT_BINARY_DIR}/generated/proto DESTINATION ${GIGAHOP_INCLUDE} COMPONENT development
  FILES_MATCHING PATTERN "*.pb.h")
configure_package_config_file(cmake/gigahop-config.cmake.in ${PROJECT_BINARY_DIR}/gigahop-config.cmake
  INSTALL_DESTINATION ${GIGAHOP_CMAKE} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gigahop-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/LibraryDependencies.cmake ${PROJECT_BINARY_DIR}/gigahop-config.cmake
  ${PROJECT_BINARY_DIR}/gigahop-config-version.cmake DESTINATION ${GIGAHOP_CMAKE} COMPONENT development)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "gigahop developers <gigahop@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "trains graph transformers on graphs that do not fit in one machine")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME gigahop)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
# mpirun, which starts the ranks; what reads compressed input.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS openmpi-bin)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "xz-utils, lz4, zstd")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libgigahop-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "g++, pkg-config, libfmt-dev, libhwloc-dev, libmetis-dev, libopenmpi-dev, libprotobuf-dev, librandom123-dev, libspdlog-dev, libxxhash-dev, libzip-dev, nlohmann-json3-dev, protobuf-compiler")
include(CPack)

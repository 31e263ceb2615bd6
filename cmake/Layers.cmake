# How a layer is declared: one folder, one static library, one alias gigahop::NAME.

add_library(gigahop_warnings INTERFACE)
target_compile_options(gigahop_warnings INTERFACE
  "$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor;-Woverloaded-virtual;-Wno-unknown-pragmas>>"
  # 554: a view that is read-only already would never convert to a read-only one.
  "$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr;--diag-suppress=554;-Xcompiler=-Wall,-Wextra>>")
target_include_directories(gigahop_warnings INTERFACE
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR};${PROJECT_SOURCE_DIR}/src>" $<INSTALL_INTERFACE:include/gigahop>)
target_compile_features(gigahop_warnings INTERFACE $<INSTALL_INTERFACE:cxx_std_20>)
set_target_properties(gigahop_warnings PROPERTIES EXPORT_NAME warnings)
if(GIGAHOP_SANITIZE)
  target_compile_options(gigahop_warnings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${GIGAHOP_SANITIZE};-fno-omit-frame-pointer;-g>")
  target_link_options(gigahop_warnings INTERFACE -fsanitize=${GIGAHOP_SANITIZE})
endif()

# gigahop_layer(NAME SOURCES a.cc b.cc [PUBLIC targets...] [PRIVATE targets...])
function(gigahop_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  if(ARG_SOURCES)
    add_library(gigahop_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(gigahop_${name} PUBLIC gigahop_warnings ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  else()
    add_library(gigahop_${name} INTERFACE)
    target_link_libraries(gigahop_${name} INTERFACE gigahop_warnings ${ARG_PUBLIC})
  endif()
  add_library(gigahop::${name} ALIAS gigahop_${name})
  set_target_properties(gigahop_${name} PROPERTIES EXPORT_NAME ${name})
endfunction()

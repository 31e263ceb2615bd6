# Whether CUDA is part of the build: GIGAHOP_CUDA=AUTO takes it where the toolkit is found, ON insists, OFF leaves it out.
# Sets GIGAHOP_WITH_CUDA. Kernels are compiled for CMAKE_CUDA_ARCHITECTURES.
set(GIGAHOP_CUDA AUTO CACHE STRING "Build for CUDA: AUTO, ON or OFF")
set_property(CACHE GIGAHOP_CUDA PROPERTY STRINGS AUTO ON OFF)
set(CMAKE_CUDA_ARCHITECTURES 80 90 100 CACHE STRING "Compute capabilities to compile kernels for")

set(GIGAHOP_WITH_CUDA OFF)
if(GIGAHOP_CUDA)
  find_program(CMAKE_CUDA_COMPILER nvcc HINTS ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES bin)
  if(CMAKE_CUDA_COMPILER)
    find_package(CUDAToolkit 12)
    find_path(NCCL_INCLUDE_DIR nccl.h HINTS ENV NCCL_HOME ${CUDAToolkit_INCLUDE_DIRS} PATH_SUFFIXES include)
    find_library(NCCL_LIBRARY nccl HINTS ENV NCCL_HOME ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT}/lib
      PATH_SUFFIXES lib)
  endif()
  if(CUDAToolkit_FOUND AND TARGET CUDA::cublasLt AND NCCL_INCLUDE_DIR AND NCCL_LIBRARY)
    set(GIGAHOP_WITH_CUDA ON)
  elseif(NOT GIGAHOP_CUDA STREQUAL AUTO)
    message(FATAL_ERROR "GIGAHOP_CUDA=ON: expected nvcc, cudart and cuBLASLt of CUDA 12 or later, and NCCL; "
      "put nvcc on the PATH or set CUDA_HOME, and set NCCL_HOME")
  endif()
endif()

if(GIGAHOP_WITH_CUDA)
  if(CCACHE)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE})
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know nvcc's
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  endif()
  # For code of the host that uses CUDA: its headers, and, where a program is linked, the kernels and CUDA's libraries, or
  # what tests/emulation has in their place if the property EMULATED_CUDA of the program says so. The same objects either
  # way.
  add_library(gigahop_cuda INTERFACE)
  add_library(gigahop::cuda ALIAS gigahop_cuda)
  target_compile_definitions(gigahop_cuda INTERFACE GIGAHOP_WITH_CUDA)
  target_include_directories(gigahop_cuda SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS} ${NCCL_INCLUDE_DIR})
  set(is_program "$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>")
  set(is_emulated "$<BOOL:$<TARGET_PROPERTY:EMULATED_CUDA>>")
  foreach(library emulated_ops emulated_nccl)
    target_link_libraries(gigahop_cuda INTERFACE $<$<AND:${is_program},${is_emulated}>:${library}>)
  endforeach()
  foreach(library gigahop_ops_cuda ${NCCL_LIBRARY})
    target_link_libraries(gigahop_cuda INTERFACE $<$<AND:${is_program},$<NOT:${is_emulated}>>:${library}>)
  endforeach()
  message(STATUS "CUDA ${CUDAToolkit_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")
else()
  message(STATUS "CUDA: not part of this build")
endif()

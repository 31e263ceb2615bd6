/// The devices that the model's templates are compiled for: the one place that lists them.
#pragma once

#include "tensor/cpu.h"
#include "tensor/reference.h"

#if defined(GIGAHOP_WITH_CUDA)
#include "tensor/cuda_buffer.h"
#define GIGAHOP_MODEL_INSTANTIATE(Class) \
  template class Class<Cpu>;             \
  template class Class<Cuda>;            \
  template class Class<Reference>
#else
#define GIGAHOP_MODEL_INSTANTIATE(Class) \
  template class Class<Cpu>;             \
  template class Class<Reference>
#endif

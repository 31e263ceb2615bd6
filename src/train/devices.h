/// The devices that training is compiled for: the one place that lists them.
#pragma once

#include "tensor/cpu.h"
#include "train/batch_input.h"

#if defined(GIGAHOP_WITH_CUDA)
#include "comm/cuda/gradient_sync.h"
#include "tensor/cuda_buffer.h"
#include "train/cuda/batch_inputs.h"
#include "train/cuda/cuda_device.h"
#include "train/cuda/token_rows.h"

/// Calls instantiate(Device) for each device.
#define GIGAHOP_TRAIN_DEVICES(instantiate) instantiate(Cpu) instantiate(Cuda)
#else
#define GIGAHOP_TRAIN_DEVICES(instantiate) instantiate(Cpu)
#endif

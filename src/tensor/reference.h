/// The oracle as a device: every operation in plain loops and double precision, one thread, host memory.
///
/// A device of its own, so a view of it does not mix with a float view of the CPU, and code that is a template on its
/// device (a layer, the whole model) can be run in double for a test.
#pragma once

#include "tensor/matrix.h"

namespace gigahop {

struct Reference {
  double product_seconds = 0;
};

template <class T>
class Buffer<T, Reference> : public Buffer<T, Cpu> {
 public:
  using Buffer<T, Cpu>::Buffer;
};

}  // namespace gigahop

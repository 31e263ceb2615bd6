/// How an operation that is a template on its device names the types of its arguments.
///
/// Real<Device> is the device's number: float, or double on Reference. The views below are not deduced, so that an
/// argument may convert (a Matrix to a view, a view to a read-only view) and the device comes from the context alone.
#pragma once

#include "tensor/matrix.h"
#include "tensor/reference.h"

namespace gigahop {

template <class Device>
struct DeviceTypes {
  using Real = float;
};

template <>
struct DeviceTypes<Reference> {
  using Real = double;
};

template <class Device>
using Real = typename DeviceTypes<Device>::Real;

template <class Device>
struct Arguments {
  using In = MatrixView<const Real<Device>, Device>;
  using Out = MatrixView<Real<Device>, Device>;
  using InVector = VectorView<const Real<Device>, Device>;
  using OutVector = VectorView<Real<Device>, Device>;
};

template <class Device, class T>
struct TypedArguments {
  using Matrix = MatrixView<T, Device>;
  using Vector = VectorView<T, Device>;
};

/// Read-only and writable matrices and vectors of the device's number.
template <class Device>
using In = typename Arguments<Device>::In;
template <class Device>
using Out = typename Arguments<Device>::Out;
template <class Device>
using InVector = typename Arguments<Device>::InVector;
template <class Device>
using OutVector = typename Arguments<Device>::OutVector;

/// A vector of any other element, such as const int32_t or const OriginalId.
template <class Device, class T>
using VectorOf = typename TypedArguments<Device, T>::Vector;

}  // namespace gigahop

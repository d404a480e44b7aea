// mlx-c reads numbers of half precision only where the C compiler has a type for them, which on
// x86-64 it has not; mlx-rs refers to these functions everywhere. Here they pass the bits.
#include <cstdint>
#include <cstring>
#include <exception>

#include "mlx/c/array.h"
#include "mlx/c/error.h"
#include "mlx/mlx.h"

namespace {

mlx::core::array& array_of(const mlx_array handle) {
  return *static_cast<mlx::core::array*>(handle.ctx);
}

template <class Half>
int item(uint16_t* result, const mlx_array handle) {
  static_assert(sizeof(Half) == sizeof(uint16_t));
  try {
    const auto value = array_of(handle).item<Half>();
    std::memcpy(result, &value, sizeof(uint16_t));
    return 0;
  } catch (const std::exception& error) {
    mlx_error(error.what());
    return 1;
  }
}

template <class Half>
const uint16_t* data(const mlx_array handle) {
  try {
    return reinterpret_cast<const uint16_t*>(array_of(handle).data<Half>());
  } catch (const std::exception& error) {
    mlx_error(error.what());
    return nullptr;
  }
}

} // namespace

extern "C" {

int mlx_array_item_float16(uint16_t* result, const mlx_array handle) {
  return item<mlx::core::float16_t>(result, handle);
}

int mlx_array_item_bfloat16(uint16_t* result, const mlx_array handle) {
  return item<mlx::core::bfloat16_t>(result, handle);
}

const uint16_t* mlx_array_data_float16(const mlx_array handle) {
  return data<mlx::core::float16_t>(handle);
}

const uint16_t* mlx_array_data_bfloat16(const mlx_array handle) {
  return data<mlx::core::bfloat16_t>(handle);
}

} // extern "C"

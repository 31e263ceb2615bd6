# The tests that run on any device: here on the CPU, in tests/emulation and tests/bench/gpu on CUDA too.
set(OPS_DEVICE_TESTS
  dropout_test.cc encoder_lists_test.cc global_attention_test.cc local_encoder_test.cc norm_test.cc product_test.cc
  rows_test.cc stored_rows_test.cc)
list(TRANSFORM OPS_DEVICE_TESTS PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

# gpu_bench, in its own project and in that of gigahop: beside src/model and src/ops it needs neither MPI nor comm/.
set(GPU_BENCH_SOURCES device_time.cc gpu_bench.cc one_rank.cc operations.cc step.cc)
list(TRANSFORM GPU_BENCH_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

# The clock of quernd-chaos, which nothing else is built with.
quern_tests(chaos_clock ${CMAKE_CURRENT_LIST_DIR} ROOMS chaos os)
target_sources(test_chaos_clock PRIVATE system/os/clock.cc system/os/clock_offset.cc)
target_compile_definitions(test_chaos_clock PRIVATE QUERN_CLOCK_OFFSET)

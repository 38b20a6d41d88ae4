# Precompiled headers: one for product code, one for what has a command line, one for tests. They hold headers of others alone, so
# that no change here makes everything stale, and save about half of a file's compile time. Sources
# still include what they use: the target `headers` and the configurations `O0` and `clang` of
# ./quern build go without.
set(product_headers
    <algorithm> <array> <charconv> <cstdint> <cstring> <deque> <functional> <map> <memory>
    <optional> <set> <span> <string> <string_view> <utility> <variant> <vector>
    <fmt/format.h> <tl/expected.hpp>)
set(tools_headers ${product_headers} <CLI/CLI.hpp> <nlohmann/json.hpp>)
set(tests_headers ${product_headers} <gtest/gtest.h> <rapidcheck.h> <rapidcheck/gtest.h>)

# Tests and command lines are compiled for a quick build; what they test and start is compiled as it ships.
set(tests_options $<$<CONFIG:Release>:-O1>)
set(tools_options $<$<CONFIG:Release>:-O1>)

foreach(kind product tools tests)
    set(unit ${CMAKE_BINARY_DIR}/precompiled/${kind}.cc)
    file(CONFIGURE OUTPUT ${unit} CONTENT "// Carries a precompiled header.\n")
    add_library(precompiled_${kind} STATIC ${unit})
    target_compile_options(precompiled_${kind} PRIVATE ${${kind}_options})
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)  # else ccache has no hits
        target_compile_options(precompiled_${kind} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
    target_precompile_headers(precompiled_${kind} PRIVATE ${${kind}_headers})
endforeach()
target_link_libraries(precompiled_product PRIVATE fmt::fmt)
target_link_libraries(precompiled_tools PRIVATE fmt::fmt)
target_link_libraries(precompiled_tests PRIVATE fmt::fmt rapidcheck GTest::gtest)

function(quern_precompiled target kind)
    target_compile_options(${target} PRIVATE ${${kind}_options})
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
        target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
    target_precompile_headers(${target} REUSE_FROM precompiled_${kind})
endfunction()

# Where the checkout is: for one file, so that tests of all checkouts are the same to ccache.
add_library(quern_test_paths STATIC ${CMAKE_SOURCE_DIR}/tests/paths.cc)
target_link_libraries(quern_test_paths PUBLIC fmt::fmt)
target_compile_definitions(quern_test_paths PRIVATE QUERN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

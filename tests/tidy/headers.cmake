# `headers`: every header compiles alone, and twice in one file. Not part of the default build.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
     ${CMAKE_SOURCE_DIR}/system/*.h ${CMAKE_SOURCE_DIR}/sim/*.h ${CMAKE_SOURCE_DIR}/harness/*.h
     ${CMAKE_SOURCE_DIR}/tests/*.h ${CMAKE_SOURCE_DIR}/bench/*.h)
foreach(header ${headers})
    set(unit ${CMAKE_BINARY_DIR}/headers/${header}.cc)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
    list(APPEND header_units ${unit})
endforeach()
add_library(headers OBJECT EXCLUDE_FROM_ALL ${header_units})
target_include_directories(headers SYSTEM PRIVATE ${CMAKE_BINARY_DIR}/generated)
if(TARGET quern_proto)
    add_dependencies(headers quern_proto)
endif()

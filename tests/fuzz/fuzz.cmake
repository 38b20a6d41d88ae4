# Decoders of outside bytes. Every target is a test that replays its corpus and deterministic mutations
# (replay.cc); with -DQUERN_FUZZ=ON and clang each is a libFuzzer program as well, fuzz_NAME.
add_library(quern_fuzz_replay STATIC tests/fuzz/replay.cc)

function(quern_fuzz name)
    cmake_parse_arguments(ARG "" "" "ROOMS;SOURCES;LIBS;MUTATIONS" ${ARGN})
    if(NOT ARG_MUTATIONS)
        set(ARG_MUTATIONS 2000)
    endif()
    list(TRANSFORM ARG_ROOMS PREPEND quern_)
    add_library(fuzz_target_${name} OBJECT tests/fuzz/${name}_fuzz.cc ${ARG_SOURCES})
    target_link_libraries(fuzz_target_${name} PUBLIC ${ARG_ROOMS} ${ARG_LIBS} fmt::fmt)
    quern_precompiled(fuzz_target_${name} product)
    add_executable(replay_${name} $<TARGET_OBJECTS:fuzz_target_${name}>)
    target_link_libraries(replay_${name} PRIVATE ${ARG_ROOMS} ${ARG_LIBS} quern_fuzz_replay)
    add_test(NAME fuzz.${name} COMMAND replay_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name}
                                       ${ARG_MUTATIONS})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
    if(QUERN_FUZZ)
        add_executable(fuzz_${name} $<TARGET_OBJECTS:fuzz_target_${name}>)
        target_link_libraries(fuzz_${name} PRIVATE ${ARG_ROOMS} ${ARG_LIBS})
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    endif()
endfunction()

quern_fuzz(catalogue_snapshot ROOMS metadata)
quern_fuzz(command_batch ROOMS wire)
quern_fuzz(frame ROOMS wire)
quern_fuzz(group_snapshot ROOMS queue)
quern_fuzz(handshake ROOMS wire)
quern_fuzz(raft_configuration ROOMS raft)
quern_fuzz(raft_message ROOMS wire)
quern_fuzz(receipt ROOMS queue)
quern_fuzz(request ROOMS wire)
quern_fuzz(body_segment ROOMS storage)
quern_fuzz(superblock ROOMS storage)
quern_fuzz(wal_replay ROOMS storage MUTATIONS 500)
quern_fuzz(snapshot_file ROOMS storage MUTATIONS 500
           SOURCES tests/unit/storage/mem_world.cc tests/unit/storage/mem_disk.cc)
quern_fuzz(plan ROOMS harness)
quern_fuzz(history ROOMS harness)
quern_fuzz(campaign_part ROOMS harness)
quern_fuzz(config ROOMS node MUTATIONS 1000
           SOURCES system/daemon/config_file.cc system/cli/client_file.cc
                   system/os/toml_text.cc system/os/toml.cc)

# Writes the corpus's first inputs anew: `ninja fuzz_corpus`. Inputs that a fuzzer found stay.
add_executable(make_fuzz_corpus EXCLUDE_FROM_ALL
               tests/fuzz/make_corpus.cc tests/unit/wire/sample_client.cc
               tests/unit/wire/sample_peer.cc tests/unit/wire/sample_records.cc)
target_link_libraries(make_fuzz_corpus PRIVATE quern_wire quern_storage GTest::gtest)
add_custom_target(fuzz_corpus COMMAND make_fuzz_corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus)

# What docs/campaigns tells machines to do, done. Slow builds leave it out: it is shards by the dozen, each with
# its canary.
if(NOT QUERN_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL Release)
    foreach(manifests slurm kubernetes)
        add_test(NAME campaign.manifests_${manifests}
                 COMMAND ${CMAKE_SOURCE_DIR}/tests/campaign/${manifests}.sh $<TARGET_FILE:quern-sim>)
        set_tests_properties(campaign.manifests_${manifests} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
    endforeach()
endif()

// What files and folders do. What survives a crash is tested in the simulator, which can crash.
#include "tests/conformance/suites.h"

namespace quern::conformance {

TEST_P(DiskConformance, a_new_file_is_empty) {
    const FilePtr file = make("a");
    EXPECT_EQ(size(*file), 0u);
    EXPECT_EQ(read(*file, 0, 10), "");
}

TEST_P(DiskConformance, what_was_written_is_read_back) {
    const FilePtr file = make("a");
    EXPECT_EQ(write(*file, 0, "hello world"), ErrorCode::ok);
    EXPECT_EQ(read(*file, 0, 11), "hello world");
    EXPECT_EQ(read(*file, 6, 3), "wor");
    EXPECT_EQ(write(*file, 6, "there"), ErrorCode::ok);
    EXPECT_EQ(read(*file, 0, 100), "hello there");
    EXPECT_EQ(size(*file), 11u);
}

TEST_P(DiskConformance, reading_ends_at_the_end_of_the_file) {
    const FilePtr file = make("a");
    EXPECT_EQ(write(*file, 0, "abc"), ErrorCode::ok);
    EXPECT_EQ(read(*file, 1, 100), "bc");
    EXPECT_EQ(read(*file, 3, 100), "");
    EXPECT_EQ(read(*file, 1'000'000, 100), "");
}

TEST_P(DiskConformance, a_gap_reads_as_zeros) {
    const FilePtr file = make("a");
    EXPECT_EQ(write(*file, 5000, "x"), ErrorCode::ok);
    EXPECT_EQ(size(*file), 5001u);
    EXPECT_EQ(read(*file, 0, 5000), std::string(5000, '\0'));
}

TEST_P(DiskConformance, contents_outlive_the_handle) {
    {
        const FilePtr file = make("a");
        EXPECT_EQ(write(*file, 0, "kept"), ErrorCode::ok);
    }
    auto again = open("a", OpenMode::existing);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(read(**again, 0, 10), "kept");
}

TEST_P(DiskConformance, open_modes) {
    EXPECT_EQ(open_error("a", OpenMode::existing), ErrorCode::not_found);
    EXPECT_EQ(open_error("a", OpenMode::create_new), ErrorCode::ok);
    EXPECT_EQ(open_error("a", OpenMode::create_new), ErrorCode::already_exists);
    EXPECT_EQ(open_error("a", OpenMode::existing), ErrorCode::ok);
    EXPECT_EQ(open_error("a", OpenMode::create_or_open), ErrorCode::ok);
    EXPECT_EQ(open_error("b", OpenMode::create_or_open), ErrorCode::ok);
    EXPECT_EQ(open_error("none/b", OpenMode::existing), ErrorCode::not_found);
}

TEST_P(DiskConformance, missing_folders_are_made) {
    const FilePtr file = make("one/two/three");
    EXPECT_EQ(write(*file, 0, "deep"), ErrorCode::ok);
    EXPECT_EQ(list("one/two"), std::vector<std::string>{"three"});
    EXPECT_EQ(sync_directory("one/two"), ErrorCode::ok);
}

TEST_P(DiskConformance, list_gives_files_in_order) {
    for (const char* path : {"f/b", "f/a", "f/c", "f/deep/er", "f/B"})
        make(path);
    EXPECT_EQ(list("f"), (std::vector<std::string>{"B", "a", "b", "c"}));
    EXPECT_EQ(list("nowhere"), std::vector<std::string>{});
}

TEST_P(DiskConformance, list_of_the_root) {
    make("z");
    make("y");
    EXPECT_EQ(list(""), (std::vector<std::string>{"y", "z"}));
    EXPECT_EQ(sync_directory(""), ErrorCode::ok);
}

TEST_P(DiskConformance, rename_moves_and_replaces) {
    EXPECT_EQ(write(*make("f/new"), 0, "new"), ErrorCode::ok);
    EXPECT_EQ(write(*make("f/old"), 0, "older"), ErrorCode::ok);
    EXPECT_EQ(rename("f/new", "f/old"), ErrorCode::ok);
    EXPECT_EQ(list("f"), std::vector<std::string>{"old"});
    auto file = open("f/old", OpenMode::existing);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(read(**file, 0, 10), "new");
    EXPECT_EQ(rename("f/none", "f/other"), ErrorCode::not_found);
}

TEST_P(DiskConformance, a_renamed_file_stays_open) {
    const FilePtr file = make("a");
    EXPECT_EQ(rename("a", "b"), ErrorCode::ok);
    EXPECT_EQ(write(*file, 0, "still"), ErrorCode::ok);
    auto again = open("b", OpenMode::existing);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(read(**again, 0, 10), "still");
}

TEST_P(DiskConformance, remove_removes) {
    make("f/a");
    EXPECT_EQ(remove("f/a"), ErrorCode::ok);
    EXPECT_EQ(list("f"), std::vector<std::string>{});
    EXPECT_EQ(remove("f/a"), ErrorCode::not_found);
    EXPECT_EQ(open_error("f/a", OpenMode::existing), ErrorCode::not_found);
}

TEST_P(DiskConformance, a_removed_file_can_be_used_while_open) {
    const FilePtr file = make("a");
    EXPECT_EQ(write(*file, 0, "ghost"), ErrorCode::ok);
    EXPECT_EQ(remove("a"), ErrorCode::ok);
    EXPECT_EQ(read(*file, 0, 10), "ghost");
}

TEST_P(DiskConformance, truncate_cuts_and_extends_with_zeros) {
    const FilePtr file = make("a");
    EXPECT_EQ(write(*file, 0, "0123456789"), ErrorCode::ok);
    EXPECT_EQ(truncate(*file, 4), ErrorCode::ok);
    EXPECT_EQ(size(*file), 4u);
    EXPECT_EQ(truncate(*file, 8), ErrorCode::ok);
    EXPECT_EQ(read(*file, 0, 100), std::string("0123\0\0\0\0", 8));
}

TEST_P(DiskConformance, allocate_extends_with_zeros_and_keeps_contents) {
    const FilePtr file = make("a");
    EXPECT_EQ(write(*file, 0, "keep"), ErrorCode::ok);
    EXPECT_EQ(allocate(*file, 100'000), ErrorCode::ok);
    EXPECT_EQ(size(*file), 100'000u);
    EXPECT_EQ(read(*file, 0, 4), "keep");
    EXPECT_EQ(read(*file, 4, 200'000), std::string(99'996, '\0'));
    EXPECT_EQ(allocate(*file, 10), ErrorCode::ok);
    EXPECT_EQ(size(*file), 100'000u);
}

TEST_P(DiskConformance, writes_that_do_not_wait_for_allocate_are_kept) {
    constexpr uint64_t mib = 1024 * 1024;
    const FilePtr file = make("a");
    size_t done = 0;
    const auto count = [&](Result<void> r) { done += r.has_value(); };
    for (uint64_t i = 1; i <= 5; ++i) {
        file->write_at_durable(i * mib, Buffer::copy_of("before"), count);
    }
    file->allocate(12 * mib, count);
    file->write_at(11 * mib, Buffer::copy_of("after"), count);
    file->write_at_durable(10 * mib, Buffer::copy_of("durable"), count);
    ASSERT_TRUE(run_until([&] { return done == 8; }));
    for (uint64_t i = 1; i <= 5; ++i)
        EXPECT_EQ(read(*file, i * mib, 6), "before");
    EXPECT_EQ(read(*file, 11 * mib, 5), "after");
    EXPECT_EQ(read(*file, 10 * mib, 7), "durable");
    EXPECT_EQ(size(*file), 12 * mib);
}

TEST_P(DiskConformance, durable_writes_and_syncs_complete) {
    const FilePtr file = make("a");
    EXPECT_EQ(write_durable(*file, 0, Buffer::copy_of("one")), ErrorCode::ok);
    EXPECT_EQ(write(*file, 3, "two"), ErrorCode::ok);
    EXPECT_EQ(write_durable(*file, 6, Buffer::copy_of("three")), ErrorCode::ok);
    EXPECT_EQ(sync(*file), ErrorCode::ok);
    EXPECT_EQ(read(*file, 0, 100), "onetwothree");
}

TEST_P(DiskConformance, a_chain_of_many_parts_is_written_in_order) {
    const FilePtr file = make("a");
    BufferChain data;
    for (int i = 0; i < 3000; ++i)
        data.append(Buffer::copy_of(std::to_string(i) + ","));
    EXPECT_EQ(write_durable(*file, 10, data), ErrorCode::ok);
    EXPECT_EQ(read(*file, 10, data.size() + 1), data.flatten().text());
    const FilePtr other = make("b");
    EXPECT_EQ(code_of(await<void>([&](auto done) { other->write_at(0, data, std::move(done)); })),
              ErrorCode::ok);
    EXPECT_EQ(read(*other, 0, data.size() + 1), data.flatten().text());
}

TEST_P(DiskConformance, an_empty_write_changes_nothing) {
    const FilePtr file = make("a");
    EXPECT_EQ(write(*file, 100, ""), ErrorCode::ok);
    EXPECT_EQ(write_durable(*file, 100, {}), ErrorCode::ok);
    EXPECT_EQ(size(*file), 0u);
}

TEST_P(DiskConformance, many_writes_in_flight) {
    const FilePtr file = make("a");
    size_t done = 0;
    for (size_t i = 0; i < 500; ++i) {
        const Buffer block = Buffer::copy_of(std::string(100, static_cast<char>('a' + i % 26)));
        const auto count = [&](Result<void> r) { done += r.has_value(); };
        if (i % 50 == 0) {
            file->write_at_durable(i * 100, block, count);
        } else {
            file->write_at(i * 100, block, count);
        }
    }
    EXPECT_EQ(done, 0u);
    ASSERT_TRUE(run_until([&] { return done == 500; }));
    EXPECT_EQ(size(*file), 50'000u);
    for (size_t i = 0; i < 500; i += 37) {
        EXPECT_EQ(read(*file, i * 100, 100), std::string(100, static_cast<char>('a' + i % 26)));
    }
}

TEST_P(DiskConformance, destroying_a_file_drops_its_completions) {
    FilePtr file = make("a");
    auto held = std::make_shared<int>(0);
    file->write_at(0, Buffer::copy_of("x"), [held](Result<void>) { ++*held; });
    file->read_at(0, 10, [held](Result<Buffer>) { ++*held; });
    file->sync([held](Result<void>) { ++*held; });
    file->allocate(1'000'000, [held](Result<void>) { ++*held; });
    file->write_at_durable(0, Buffer::copy_of("x"), [held](Result<void>) { ++*held; });
    file.reset();
    run_for(Duration::milliseconds(30));
    EXPECT_EQ(*held, 0);
    EXPECT_EQ(held.use_count(), 1);
}

TEST_P(DiskConformance, a_file_may_be_destroyed_in_its_completion) {
    FilePtr file = make("a");
    int completions = 0;
    file->write_at(0, Buffer::copy_of("x"), [&](Result<void>) {
        ++completions;
        file.reset();
    });
    file->write_at(1, Buffer::copy_of("y"), [&](Result<void>) { ++completions; });
    ASSERT_TRUE(run_until([&] { return file == nullptr; }));
    run_for(Duration::milliseconds(20));
    EXPECT_EQ(completions, 1);
}

TEST_P(DiskConformance, space_is_told) {
    const auto space = await<DiskSpace>([&](auto done) { disk().space(std::move(done)); });
    ASSERT_TRUE(space.has_value());
    EXPECT_GT(space->total_bytes, 0u);
    EXPECT_LE(space->free_bytes, space->total_bytes);
}

TEST_P(DiskConformance, buffers_are_shared_not_consumed) {
    const FilePtr file = make("a");
    const Buffer shared = Buffer::copy_of("shared");
    int done = 0;
    for (uint64_t i = 0; i < 20; ++i) {
        file->write_at(i * 6, shared, [&](Result<void>) { ++done; });
    }
    const Buffer copy = shared;  // the count changes here while the disk reads the bytes
    ASSERT_TRUE(run_until([&] { return done == 20; }));
    EXPECT_EQ(read(*file, 114, 6), copy.text());
}

}  // namespace quern::conformance

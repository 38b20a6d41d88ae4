// Properties of crashes over random histories of one file.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/unit/sim/files.h"

namespace quern::sim {
namespace {

struct Step {
    enum What : uint8_t { write, sync, allocate, truncate, write_durable, count } what;
    uint64_t offset;
    uint64_t size;
    char fill;
};

Step draw_step(Prng& prng) {
    const uint64_t random = prng.below(10);
    Step step{};
    step.what = random < 6 ? Step::write : static_cast<Step::What>(random - 5);
    step.offset = prng.below(6'000);
    step.size = 1 + prng.below(3'000);
    step.fill = static_cast<char>('a' + prng.below(26));
    return step;
}

// What a file that never crashes would hold.
void apply(std::string& model, const Step& step) {
    switch (step.what) {
        case Step::write:
        case Step::write_durable:
            if (model.size() < step.offset + step.size) model.resize(step.offset + step.size, '\0');
            model.replace(step.offset, step.size, std::string(step.size, step.fill));
            break;
        case Step::allocate:
            if (model.size() < step.offset) model.resize(step.offset, '\0');
            break;
        case Step::truncate:
            model.resize(step.offset, '\0');
            break;
        default:
            break;
    }
}

void run_step(Files& files, File& file, World& world, const Step& step) {
    switch (step.what) {
        case Step::write:
            files.write(file, step.offset, std::string(step.size, step.fill));
            break;
        case Step::sync:
            files.sync(file);
            break;
        case Step::allocate:
            files.allocate(file, step.offset);
            break;
        case Step::truncate:
            files.truncate(file, step.offset);
            break;
        default: {
            bool done = false;
            file.write_at_durable(step.offset, Buffer::copy_of(std::string(step.size, step.fill)),
                                  [&](Result<void>) { done = true; });
            world.run_until([&] { return done; }, Duration::seconds(1));
        }
    }
}

TEST(DiskProperty, a_file_reads_as_the_model_says_and_every_crash_keeps_what_was_synced) {
    EXPECT_TRUE(rc::check([](uint64_t seed) {
        Prng prng(seed);
        World world({.seed = seed});
        Machine& m = world.add_machine({.name = "m"});
        Files files(world, m);
        auto file = files.open("f", OpenMode::create_new);
        files.sync_directory("");
        std::string model;
        std::string synced;
        // Every value a byte took since the last sync, beside the synced one.
        std::vector<std::string> since;
        const uint64_t steps = prng.below(20);
        for (uint64_t i = 0; i < steps; ++i) {
            const Step step = draw_step(prng);
            run_step(files, *file, world, step);
            apply(model, step);
            RC_ASSERT(files.read(*file, 0, 20'000) == model);
            if (step.what == Step::sync || step.what == Step::write_durable) {
                synced = model;
                since.clear();
                RC_ASSERT(m.disk().platter().durable_image("f")->text() == synced);
            } else {
                since.push_back(model);
            }
        }
        file.reset();
        m.power_loss();
        m.start();
        file = files.open("f", OpenMode::existing);
        const std::string after = files.read(*file, 0, 20'000);
        if (since.empty()) RC_ASSERT(after == synced);
        for (size_t i = 0; i < after.size(); ++i) {
            const auto at = [i](const std::string& s) { return i < s.size() ? s[i] : '\0'; };
            bool explained = after[i] == '\0' ? i >= synced.size() : false;
            explained = explained || after[i] == at(synced);
            for (const std::string& state : since)
                explained = explained || after[i] == at(state);
            RC_ASSERT(explained);
        }
        RC_ASSERT(m.disk().platter().durable_image("f")->text() == after);
    }));
}

}  // namespace
}  // namespace quern::sim

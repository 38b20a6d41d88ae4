// A small world under faults: machines that keep a log and ping each other for ever, reconnecting.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sim/faults/fault_run.h"
#include "sim/faults/plan_generate.h"

namespace quern::sim {

// One process: serves echoes, pings one other machine, writes a line a round trip durably.
class Gossip {
public:
    Gossip(Env& env, std::string other, uint64_t& talked)
        : env_(env), other_(std::move(other)), talked_(talked) {
        listener_ =
            std::move(*env_.network.listen({"", 1}, [this](auto c) { serve(std::move(c)); }));
        open_log();
        dial();
    }

private:
    struct Served {
        std::unique_ptr<Connection> connection;
        std::array<uint8_t, 256> memory{};
    };
    void serve(std::unique_ptr<Connection> connection) {
        served_.push_back(std::make_unique<Served>());
        served_.back()->connection = std::move(connection);
        echo(*served_.back());
    }
    void echo(Served& one) {
        one.connection->read(one.memory, [this, &one](Result<size_t> size) {
            if (!size || *size == 0) {
                one.connection->close();
                return;
            }
            one.connection->write(Buffer::copy_of(ByteSpan(one.memory.data(), *size)),
                                  [this, &one](Result<void> ok) {
                                      if (ok) echo(one);
                                  });
        });
    }
    void open_log() {
        env_.disk.open("log-1", OpenMode::create_or_open,
                       guard_.wrap([this](Result<std::unique_ptr<File>> file) {
                           if (!file) {
                               again_.start(env_.clock.now() + Duration::milliseconds(50),
                                            [this] { open_log(); });
                               return;
                           }
                           file_ = std::move(*file);
                           env_.disk.sync_directory("", [](Result<void>) {});
                           keep_log();
                       }));
    }
    void keep_log() {
        file_->write_at(offset_ % 100'000, Buffer::copy_of(std::string(700, 'x')),
                        [this](Result<void>) {
                            offset_ += 700;
                            file_->sync([this](Result<void>) {
                                again_.start(env_.clock.now() + Duration::milliseconds(20),
                                             [this] { keep_log(); });
                            });
                        });
    }
    void dial() {
        next_.cancel();
        connection_.reset();
        patience_.start(env_.clock.now() + Duration::seconds(1), [this] { dial(); });
        ++dials_;
        env_.network.connect({other_, 1}, guard_.wrap([this, dial_number = dials_](auto result) {
            if (dial_number != dials_ || !result) return;
            connection_ = std::move(*result);
            ping();
        }));
    }
    void ping() {
        patience_.start(env_.clock.now() + Duration::seconds(1), [this] { dial(); });
        connection_->write(Buffer::copy_of("ping"), [this](Result<void> ok) {
            if (ok) await(4);
        });
    }
    void await(size_t missing) {
        connection_->read(memory_, [this, missing](Result<size_t> size) {
            if (!size || *size == 0) return;  // patience redials
            if (*size < missing) {
                await(missing - *size);
                return;
            }
            ++talked_;
            next_.start(env_.clock.now() + Duration::milliseconds(20), [this] { ping(); });
        });
    }

    Env& env_;
    std::string other_;
    uint64_t& talked_;
    LifeGuard guard_;
    std::unique_ptr<Listener> listener_;
    std::vector<std::unique_ptr<Served>> served_;
    std::unique_ptr<Connection> connection_;
    std::array<uint8_t, 16> memory_{};
    uint64_t dials_ = 0;
    std::unique_ptr<File> file_;
    uint64_t offset_ = 0;
    OwnedTimer again_{env_.timers};
    OwnedTimer patience_{env_.timers};
    OwnedTimer next_{env_.timers};
};

struct Chatter {
    static constexpr uint32_t machines = 4;
    static std::string name_of(uint32_t i) { return "n" + std::to_string(i); }
    static std::vector<std::string> names() {
        std::vector<std::string> all;
        for (uint32_t i = 0; i < machines; ++i)
            all.push_back(name_of(i));
        return all;
    }
    static FaultPlan plan_of(uint64_t seed) {
        PlanShape shape;
        for (const std::string& name : names())
            shape.hosts.push_back({name, "z", true});
        shape.length = Duration::seconds(10);
        PlanKnobs knobs;
        knobs.quiet_per_cent = 0;
        return generate_plan(seed, shape, knobs, Atlas(seed, names(), 1, AtlasScope::machines));
    }

    Chatter(uint64_t seed, FaultPlan plan)
        : world({.seed = seed}),
          atlas(seed, names(), 1, AtlasScope::machines),
          faults(world, atlas, std::move(plan)) {
        for (uint32_t i = 0; i < machines; ++i) {
            Machine& machine = world.add_machine({.name = name_of(i)});
            machine.set_program([this, i](Machine& m) {
                return std::make_shared<Gossip>(m.env(), name_of((i + 1) % machines), counts[i]);
            });
        }
        faults.start();
    }
    std::array<uint64_t, machines> talked() const { return counts; }

    std::array<uint64_t, machines> counts{};
    World world;
    Atlas atlas;
    FaultRun faults;
};

}  // namespace quern::sim

// Nodes' storage in a simulated world, and the logs that it leaves behind.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "harness/stopped/log_judge.h"
#include "sim/world/world.h"
#include "system/storage/node_storage.h"

namespace quern::test {

class StoppedNodes : public ::testing::Test {
protected:
    static constexpr GroupId group{1};

    void SetUp() override {
        for (uint32_t node = 1; node <= 3; ++node) {
            Node& made = nodes_[NodeId(node)];
            made.machine = &world_.add_machine({.name = "s" + std::to_string(node)});
            storage::NodeStorage::format(made.machine->env(), {0, {1, 2}, {3, node}, NodeId(node)},
                                         [](const Result<void>&) {});
            world_.run_for(Duration::seconds(1));
            open(made);
            storage::GroupChange create;
            create.create = true;
            write(node, std::move(create));
        }
    }
    void restart(uint32_t node) {
        Node& it = nodes_.at(NodeId(node));
        it.storage.reset();
        it.machine->kill();
        it.machine->start();
        open(it);
    }
    void write(uint32_t node, storage::GroupChange change, GroupId of = group) {
        change.group = of;
        std::vector<storage::GroupChange> changes;
        changes.push_back(std::move(change));
        nodes_.at(NodeId(node)).storage->write(std::move(changes),
                                               [](const Result<void>& done) { ASSERT_TRUE(done); });
        world_.run_for(Duration::seconds(1));
    }
    // An entry without content unless there is a payload.
    void append(uint32_t node, uint64_t index, uint64_t term, Buffer payload = {}) {
        const auto kind = payload.empty() ? raft::EntryKind::noop : raft::EntryKind::command;
        storage::GroupChange change;
        change.entries = {{group, LogIndex(index), Term(term), static_cast<uint8_t>(kind), std::move(payload)}};
        write(node, std::move(change));
    }
    void append_to_all(uint64_t index, uint64_t term, const Buffer& payload = {}) {
        for (uint32_t node = 1; node <= 3; ++node) append(node, index, term, payload);
    }
    void snapshot(uint32_t node, uint64_t index, uint64_t term, bool keep_suffix = true) {
        storage::GroupChange change;
        change.snapshot_index = LogIndex(index);
        change.snapshot_term = Term(term);
        change.keep_suffix = keep_suffix;
        write(node, std::move(change));
    }

    harness::StoppedLogs logs() {
        harness::StoppedLogs all;
        for (auto& [id, node] : nodes_) {
            std::vector<harness::StoppedSegment> segments;
            const sim::Platter& platter = node.machine->disk().platter();
            for (const std::string& path : platter.paths_durable()) {
                if (!path.starts_with("wal/") || !path.ends_with(".seg")) continue;
                const uint64_t number = std::stoull(path.substr(4));
                if (lost_segments_.contains(number)) continue;
                Buffer image = *platter.durable_image(path, true);
                segments.push_back({number, [image](uint64_t offset, size_t size) {
                                        if (offset >= image.size()) return Buffer();
                                        return image.slice(offset, std::min(size, image.size() - offset));
                                    }});
            }
            all.emplace(id, harness::StoppedLog::read(segments));
        }
        return all;
    }
    const harness::StoppedLog::Group log_of(uint32_t node) { return *logs().at(NodeId(node)).find(group); }
    // What the judges say of them, by invariant.
    std::string verdict(const harness::History& history = {}) {
        harness::Verdict verdict;
        found_ = harness::judge_logs(logs(), {1, 3}, history, verdict);
        std::string names;
        for (const harness::Violation& v : verdict.violations()) {
            if (names.find(v.invariant) == std::string::npos) names += (names.empty() ? "" : " ") + v.invariant;
            text_ += v.text + "\n";
        }
        return names;
    }

    std::set<uint64_t> lost_segments_;  // of all nodes
    harness::LogFindings found_;
    std::string text_;

private:
    struct Node {
        sim::Machine* machine = nullptr;
        std::unique_ptr<storage::NodeStorage> storage;
    };
    void open(Node& node) {
        storage::Options options;
        options.segment_bytes = 64 * 1024;
        storage::NodeStorage::open(node.machine->env(), options,
                                   [&node](Result<std::unique_ptr<storage::NodeStorage>> opened) {
                                       ASSERT_TRUE(opened);
                                       node.storage = std::move(*opened);
                                   });
        world_.run_for(Duration::seconds(1));
        ASSERT_NE(node.storage, nullptr);
    }

    sim::World world_{{.seed = 1}};
    std::map<NodeId, Node> nodes_;
};

}  // namespace quern::test

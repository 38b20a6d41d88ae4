// The stored bodies of all groups of a node.
#pragma once

#include <set>

#include "system/storage/group_bodies.h"
#include "system/storage/log_reader.h"

namespace quern::storage {

class BodyStore final : public GroupBodies::Listener {
public:
    class Listener {
    public:
        virtual ~Listener() = default;
        // Must not destroy the caller.
        virtual void on_bodies_failed(const Error& error) = 0;
    };

    BodyStore(Env& env, const Uuid& node_uuid, uint64_t segment_bytes, const GroupLogs& groups,
              LogReader& log, Listener& listener);

    // Reads what the folder holds: footers, or whole segments where there is none. Files of groups
    // or incarnations the WAL does not know go.
    void recover(Callback<void(Result<void>)> done);
    // The group's bodies; made when first asked for.
    GroupBodies& of(GroupId group);
    // That incarnation of the group was removed for good.
    void end(GroupId group, const Uuid& incarnation);
    // See NodeStorage::carry_over. Bodies that cannot be read are left out and told in the error.
    void carry_over(GroupId group, std::vector<BodyRef> live, Callback<void(Result<void>)> done);

    void on_bodies_failed(const Error& error) override { listener_.on_bodies_failed(error); }
    void on_rewrite_wanted(GroupId group) override;

private:
    class Recovery;
    class CarryOver;
    void start_rewrite();

    Env& env_;
    Uuid node_uuid_;
    uint64_t segment_bytes_;
    const GroupLogs& groups_;
    LogReader& log_;
    Listener& listener_;
    std::map<GroupId, std::unique_ptr<GroupBodies>> bodies_;
    std::set<GroupId> rewrites_wanted_;
    bool rewriting_ = false;
    bool rewrite_posted_ = false;
    LifeGuard guard_;
};

}  // namespace quern::storage

// A node's log under any sequence of steps, next to what it should hold. Each step is legal wherever it stands,
// so that any part of a sequence is one, too: what fails shrinks to the few steps that it takes.
#pragma once

#include <rapidcheck.h>

#include "tests/unit/storage/log_model.h"

namespace quern::test {

enum class StepKind : uint8_t {
    append,      // entries at the end of a group's log; makes the group if it is not there
    overwrite,   // cuts the log and appends
    vote,        // term and vote
    snapshot,    // covers a part of the log, or all of it
    remove,      // the group
    wait,        // until all writes are acknowledged and nothing runs any more
    pass_time,   // for what storage does by and by
    read,        // entries, and compares them
    kill,        // the process, amid its writes; then opens again
    power_loss,  // amid the writes, keeping any part of what was not synced; then opens again
    damage,      // one entry, while the node is down; then opens again and writes the lost ones anew
    count
};

struct Step {
    StepKind kind = StepKind::append;
    uint32_t group = 0;
    uint64_t at = 0;       // which entry, or how far the disk gets before it stops
    uint64_t size = 0;     // of payloads
    uint64_t count = 0;    // of entries, of recoveries that are cut short
    uint64_t luck = 0;     // of what a power loss leaves
    bool new_term = false;
};
void showValue(const Step& step, std::ostream& out);
rc::Gen<std::vector<Step>> generated_steps();

class LogMachine {
public:
    LogMachine();
    // Empty, or what is wrong.
    std::string run(const std::vector<Step>& steps);
    // Recoveries that had to tell of a damaged entry.
    size_t damages() const { return damages_; }

private:
    std::string take(const Step& step);
    void write(const Step& step);
    storage::GroupChange change_of(const Step& step);
    void submit(storage::GroupChange change);
    std::string wait();
    std::string read(const Step& step);
    std::string stop_and_open(const Step& step);
    std::string damage(const Step& step);
    bool flip_entry(uint32_t group, uint64_t index);
    void stop();
    std::string open();
    // What recovery found, with all payloads.
    LogModel recovered();

    MemWorld world_;
    std::unique_ptr<storage::NodeStorage> node_;
    std::vector<LogModel> states_;  // states_[n]: after n writes
    size_t acknowledged_ = 0;
    size_t damages_ = 0;
    uint64_t creations_ = 0;
};

}  // namespace quern::test

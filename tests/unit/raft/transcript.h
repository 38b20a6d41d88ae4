// A small language for situations of a group, read in tests/transcripts (its README lists the
// commands). A transcript is blocks of commands, a line of dashes, and what they print.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {

class Transcript {
public:
    Transcript();
    // Runs one command line; what it prints, each line ended by a newline.
    std::string run(const std::string& line);

private:
    using Words = std::vector<std::string>;
    void print(const std::string& line) { output_ += line + "\n"; }
    bool run_cluster(const Words& words);
    bool run_network(const Words& words);
    bool run_node(const Words& words);
    bool run_disk(const Words& words);
    void silently(const std::function<void()>& run);
    void deliver_link(const Words& words);
    void print_status(const Words& words);
    void print_reads(NodeId id);
    void for_links(const std::string& links, bool cut);

    Cluster cluster_;
    std::map<std::string, Message> saved_;
    std::string output_;
};

// The text of a whole transcript with the outputs as they are now.
std::string rerun(const std::string& transcript);

}  // namespace quern::raft::testing

#include "tests/unit/raft/transcript.h"

#include <algorithm>
#include <sstream>

namespace quern::raft::testing {

namespace {
uint32_t number(const std::string& text) { return static_cast<uint32_t>(std::stoul(text)); }
NodeId node(const std::string& text) { return NodeId(number(text)); }

std::vector<NodeId> list(const std::string& text) {
    std::vector<NodeId> result;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) result.push_back(node(part));
    return result;
}

// "1>2" or "1-2" (both ways).
std::pair<NodeId, NodeId> link(const std::string& text) {
    const size_t at = text.find_first_of(">-");
    return {node(text.substr(0, at)), node(text.substr(at + 1))};
}

Configuration configuration_from(const std::vector<std::string>& words, size_t from) {
    Configuration configuration;
    configuration.voters = list(words.at(from));
    if (words.size() > from + 2 && words[from + 1] == "learners") {
        configuration.learners = list(words[from + 2]);
    }
    return configuration;
}
}  // namespace

Transcript::Transcript() {
    cluster_.set_trace([this](const std::string& line) { print("  " + line); });
}

std::string Transcript::run(const std::string& line) {
    output_.clear();
    std::istringstream in(line);
    Words words;
    for (std::string word; in >> word;) words.push_back(word);
    if (!run_cluster(words) && !run_network(words) && !run_node(words) && !run_disk(words)) {
        print("unknown command: " + line);
    }
    if (std::string failure = cluster_.check(); !failure.empty()) print("UNSAFE: " + failure);
    return output_;
}

// Where every message would drown the point.
void Transcript::silently(const std::function<void()>& run) {
    cluster_.set_trace({});
    run();
    cluster_.set_trace([this](const std::string& line) { print("  " + line); });
}

bool Transcript::run_cluster(const Words& words) {
    const std::string& what = words[0];
    if (what == "append-bytes") {
        cluster_.settings().append_bytes_max = number(words.at(1));
    } else if (what == "hibernate-after") {
        cluster_.settings().hibernate_after = Duration::milliseconds(static_cast<int64_t>(number(words.at(1))));
    } else if (what == "cluster") {
        const Configuration initial = configuration_from(words, 1);
        for (NodeId id : initial.voters) cluster_.add(id, initial);
        for (NodeId id : initial.learners) cluster_.add(id, initial);
    } else if (what == "join") {
        cluster_.add(node(words.at(1)), {});
    } else if (what == "listen") {
        cluster_.advance(Duration::milliseconds(static_cast<int64_t>(number(words.at(1)))), true);
    } else if (what == "advance") {
        silently([&] { cluster_.advance(Duration::milliseconds(number(words.at(1))), true); });
    } else if (what == "skip") {
        cluster_.skip(Duration::milliseconds(number(words.at(1))));
    } else if (what == "elect") {
        silently([&] {
            cluster_.campaign(node(words.at(1)));
            cluster_.settle();
        });
    } else if (what == "status") {
        print_status(words);
    } else {
        return false;
    }
    return true;
}

void Transcript::print_status(const Words& words) {
    for (NodeId id : words.size() > 1 ? list(words[1]) : cluster_.all()) print(cluster_.describe(id));
}

void Transcript::for_links(const std::string& links, bool cut) {
    const auto [from, to] = link(links);
    cluster_.set_cut(from, to, cut);
    if (links.find('-') != std::string::npos) cluster_.set_cut(to, from, cut);
}

bool Transcript::run_network(const Words& words) {
    const std::string& what = words[0];
    std::deque<Message>& network = cluster_.network();
    if (what == "deliver") {
        words.size() == 1 ? cluster_.settle() : deliver_link(words);
    } else if (what == "network") {
        for (const Message& message : network) print("  " + text_of(message));
    } else if (what == "lose") {
        network.clear();
    } else if (what == "cut") {
        for (size_t i = 1; i < words.size(); ++i) for_links(words[i], true);
    } else if (what == "link") {
        const auto [a, b] = link(words.at(1));
        cluster_.link_changed(a, b);
    } else if (what == "heal") {
        for (size_t i = 1; i < words.size(); ++i) for_links(words[i], false);
        if (words.size() == 1) cluster_.heal();
    } else if (what == "save") {  // takes the first message of a link out of the network
        const auto [from, to] = link(words.at(1));
        const auto at = std::find_if(network.begin(), network.end(), [&](const Message& m) {
            return m.from == from && m.to == to;
        });
        if (at == network.end()) {
            print("no such message");
        } else {
            print("  " + text_of(*at));
            saved_[words.at(2)] = *at;
            network.erase(at);
        }
    } else if (what == "replay") {  // any number of times
        cluster_.deliver_copy(saved_.at(words.at(1)));
    } else {
        return false;
    }
    return true;
}

// All messages of the link that are in flight now; disks that are not held write afterwards.
void Transcript::deliver_link(const Words& words) {
    const auto [from, to] = link(words[1]);
    std::deque<Message>& network = cluster_.network();
    for (size_t left = network.size(), at = 0; left > 0; --left) {
        if (network[at].from == from && network[at].to == to) {
            cluster_.deliver(at);
        } else {
            ++at;
        }
    }
    for (NodeId id : cluster_.all()) {
        if (cluster_.alive(id) && !cluster_.node(id).disk_held) cluster_.persist_all(id);
    }
}

bool Transcript::run_node(const Words& words) {
    const std::string& what = words[0];
    auto report = [this](const auto& result) {
        if (!result) print(std::string(error_name(result.error().code)));
    };
    if (what == "campaign") {
        cluster_.campaign(node(words.at(1)));
    } else if (what == "deadline") {
        cluster_.fire_due(node(words.at(1)));
    } else if (what == "step-down") {
        cluster_.raft(node(words.at(1))).step_down(cluster_.now());
        cluster_.pump(node(words.at(1)));
    } else if (what == "propose") {
        report(cluster_.propose(node(words.at(1)), words.at(2)));
    } else if (what == "transfer") {
        const auto [from, to] = link(words.at(1));
        report(cluster_.raft(from).transfer_leadership(to, cluster_.now()));
        cluster_.pump(from);
    } else if (what == "configure") {
        const NodeId id = node(words.at(1));
        report(cluster_.raft(id).propose_configuration(configuration_from(words, 2), cluster_.now()));
        cluster_.pump(id);
    } else if (what == "read") {
        cluster_.read(node(words.at(1)), number(words.at(2)));
    } else if (what == "reads") {
        print_reads(node(words.at(1)));
    } else if (what == "applied") {
        std::string line;
        for (const std::string& one : cluster_.node(node(words.at(1))).applied) {
            line += one.empty() ? " -" : " " + one;
        }
        print(words[1] + ":" + line);
    } else {
        return false;
    }
    return true;
}

void Transcript::print_reads(NodeId id) {
    Node& reader = cluster_.node(id);
    for (const ReadState& read : reader.reads) {
        print("read " + std::to_string(read.context) + " at " + std::to_string(read.index.value));
    }
    for (uint64_t context : reader.reads_failed) print("read " + std::to_string(context) + " failed");
    if (reader.reads.empty() && reader.reads_failed.empty()) print("none");
    reader.reads.clear();
    reader.reads_failed.clear();
}

bool Transcript::run_disk(const Words& words) {
    const std::string& what = words[0];
    if (words.size() < 2) return false;
    const NodeId id = node(words[1]);
    if (what == "hold" || what == "release") {
        cluster_.node(id).disk_held = what == "hold";
    } else if (what == "persist") {
        cluster_.persist_all(id);
    } else if (what == "crash") {
        cluster_.crash(id);
    } else if (what == "restart") {
        cluster_.restart(id);
    } else if (what == "damage") {  // while crashed
        const std::string how = words.size() > 3 ? words[3] : "";
        const uint64_t count = how == "only" ? 1 : UINT64_MAX;
        cluster_.node(id).disk.damage(LogIndex(number(words.at(2))), count, how != "unknown");
    } else if (what == "repair") {
        cluster_.repair(id);
    } else if (what == "compact") {
        cluster_.compact(id, LogIndex(number(words.at(2))));
    } else if (what == "drop-payloads") {
        cluster_.raft(id).drop_payloads(LogIndex(number(words.at(2))));
    } else {
        return false;
    }
    return true;
}

std::string rerun(const std::string& transcript) {
    Transcript run;
    std::istringstream in(transcript);
    std::string result;
    std::string printed;
    bool output = false;  // inside the old output of a block
    for (std::string line; std::getline(in, line);) {
        if (line == "----") {
            result += "----\n" + printed;
            printed.clear();
            output = true;
        } else if (line.empty()) {
            result += "\n";
            output = false;
        } else if (!output) {
            result += line + "\n";
            if (line[0] != '#') printed += run.run(line);
        }
    }
    return result;
}

}  // namespace quern::raft::testing

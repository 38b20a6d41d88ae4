// How clusters, configurations and messages read in transcripts and failures.
#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {

namespace {
std::string text_of(const std::vector<NodeId>& list) {
    std::string text;
    for (NodeId id : list) text += (text.empty() ? "" : ",") + std::to_string(id.value);
    return text;
}
}  // namespace

std::string text_of(const Configuration& configuration) {
    std::string text = configuration.voters.empty() ? "none" : text_of(configuration.voters);
    if (configuration.joint()) text += "+old " + text_of(configuration.voters_old);
    if (!configuration.learners.empty()) text += "+learners " + text_of(configuration.learners);
    return text;
}

std::string text_of(const Message& message) {
    constexpr std::string_view kinds[] = {"pre-vote?", "pre-vote",  "vote?",      "vote",       "append",
                                          "appended",  "heartbeat", "heartbeat!", "timeout-now"};
    auto number = [](auto strong) { return std::to_string(strong.value); };
    auto position = [&](LogIndex index, Term term) { return number(index) + ":" + number(term); };
    std::string text = number(message.from) + ">" + number(message.to) + " ";
    text += kinds[static_cast<size_t>(message.kind)];
    text += " term " + number(message.term);
    switch (message.kind) {
        case MessageKind::pre_vote_request:
        case MessageKind::vote_request:
            text += " last " + position(message.index, message.log_term);
            break;
        case MessageKind::pre_vote_response:
        case MessageKind::vote_response:
            text += message.reject ? " refused" : " granted";
            break;
        case MessageKind::append_request:
            text += " after " + position(message.index, message.log_term);
            for (const Entry& entry : message.entries) text += " +" + position(entry.index, entry.term);
            text += " commit " + number(message.commit);
            break;
        case MessageKind::append_response:
            text += (message.reject ? " refused " : " ") + number(message.index);
            if (message.reject) text += " try " + position(message.hint_index, message.hint_term);
            break;
        case MessageKind::heartbeat_request:
            text += " commit " + number(message.commit);
            [[fallthrough]];
        case MessageKind::heartbeat_response:
            if (message.index) text += " sleep at " + number(message.index);
            break;
        default:
            break;
    }
    if (message.context != 0) text += " round " + std::to_string(message.context);
    if (message.transfer) text += " transfer";
    if (message.recovering) text += " recovering";
    return text;
}

std::string Cluster::describe(NodeId id) const {
    const Node& node = *nodes_.at(id);
    std::string text = std::to_string(id.value) + ": ";
    if (node.raft == nullptr) return text + "crashed";
    constexpr std::string_view roles[] = {"follower", "pre-candidate", "candidate", "leader"};
    const Status status = node.raft->status();
    auto number = [](auto strong) { return std::to_string(strong.value); };
    text += roles[static_cast<size_t>(status.role)];
    text += " term " + number(status.term) + " leader " + number(status.leader);
    text += " log " + number(status.first) + ".." + number(status.last);
    text += " last term " + number(node.raft->term_at(status.last));
    text += " persisted " + number(status.persisted) + " commit " + number(status.commit);
    text += " voters " + text_of(node.raft->configuration());
    if (status.transfer_to) text += " transferring to " + number(status.transfer_to);
    if (status.recovering) text += " recovering";
    if (status.asleep) text += " asleep";
    return text;
}

}  // namespace quern::raft::testing

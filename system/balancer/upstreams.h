// The ways to the storage nodes: one link each, and the storage of this process without a socket. Knows
// which are connected and which are better tried last (outlier ejection, faults.md S119): a node that
// let `timeouts_max` requests in a row time out, or as many short ones while nothing at all came from it
// for `silence_telling`, is suspect for `suspect_time`, and its link is dialled anew, for the stream may be
// half-open.
#pragma once

#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "system/balancer/balancer.h"
#include "system/wire/link.h"
#include "system/wire/peer_messages.h"
#include "system/wire/response_summary.h"

namespace quern::balancer {

// A node's answer to a forward, ready to be passed on.
struct Answer {
    wire::Encoded message;
    wire::ResponseSummary summary;
};

// The name under which a node proves itself on a peer port: "node:<id>:<uuid as 32 hex digits>".
std::string peer_name(NodeId id, const NodeUuid& uuid);

class Upstreams final : private wire::LinkHandler {
public:
    // A request under way, for cancel().
    using Call = Strong<struct UpstreamCallTag>;
    using ForwardDone = Callback<void(Result<Answer>)>;
    using QueryDone = Callback<void(Result<wire::QueryReply>)>;

    static constexpr unsigned timeouts_max = 3;
    static constexpr Duration suspect_time = Duration::seconds(5);
    // A timeout of a shorter attempt says nothing about a node that speaks.
    static constexpr Duration attempt_telling_min = Duration::milliseconds(500);
    static constexpr Duration silence_telling = attempt_telling_min * timeouts_max;

    static constexpr Duration ping_interval = Duration::milliseconds(500);
    static constexpr Duration pong_patience = Duration::seconds(1);

    // `local` may be null. Both must outlive this object.
    Upstreams(Env& env, const Options& options, LocalStorage* local);
    ~Upstreams() override;

    // The storage nodes as known now: links are made, moved and ended accordingly.
    void set_nodes(const std::map<NodeId, metadata::NodeRecord>& nodes);
    // By id; without those that were removed.
    std::vector<NodeId> nodes() const;
    bool connected(NodeId node) const;
    bool suspect(NodeId node) const;

    // `done` runs from the loop, once, never inside the call; its error's outcome is honest:
    // connection_refused was never handed to the node, everything else is unknown.
    Call forward(NodeId node, const wire::Forward& request, Instant deadline, ForwardDone done);
    Call query(NodeId node, const wire::Query& query, Instant deadline, QueryDone done);
    // As those, but through `via`, which passes it on to `node`.
    Call forward_via(NodeId via, NodeId node, const wire::Forward& request, Instant deadline,
                     ForwardDone done);
    Call query_via(NodeId via, NodeId node, const wire::Query& query, Instant deadline,
                   QueryDone done);
    // `done` does not run; a node that has the request is told that nobody waits for it.
    void cancel(Call call);

private:
    struct Node {
        metadata::NodeRecord record;
        std::unique_ptr<wire::Link> link;  // null for the local storage
        unsigned timeouts = 0;             // in a row, of attempts that tell
        unsigned unheard = 0;              // timeouts since its link brought a frame
        Instant unheard_since;             // when the first of those was asked
        Instant suspect_until;
        bool quiet = false;                // a ping found no answer
    };
    struct Pending {
        NodeId node;
        uint64_t at_node = 0;  // of the link or of the local storage
        Instant started;
        Instant deadline;  // of local requests; links keep their own
        std::variant<ForwardDone, QueryDone> done;
        bool relayed = false;  // that it takes long says nothing about the node
    };

    // Counts a timeout; true if it is one too many.
    static bool stalls(Node& node, Instant asked, Instant now);

    void on_link_up(wire::Link& link, const wire::HelloReply& server) override;
    void on_link_down(wire::Link& link, const Error& reason) override;
    void on_link_frame(wire::Link& link, wire::Frame frame) override;

    bool is_local(NodeId node) const { return local_ != nullptr && node == options_.self; }
    std::unique_ptr<wire::Link> make_link(const metadata::NodeRecord& record);
    void end_link(std::unique_ptr<wire::Link> link);
    Call add(NodeId node, Instant deadline, std::variant<ForwardDone, QueryDone> done);
    void refuse_later(Call call, Error error);
    void relay(Call call, NodeId via, NodeId node, wire::FrameKind kind, wire::Encoded message,
               Instant deadline);
    void send(Call call, Node& node, wire::FrameKind kind, wire::Encoded message, Instant deadline);
    void answered(Call call, Result<wire::Frame> frame);
    void answered_locally(Call call, wire::Encoded response);
    void finish(Pending pending, Error error);
    void relay_failed(Pending pending, const wire::Frame& frame);
    void judge(const Pending& pending, const Error* error);
    void ping_nodes();
    void pinged(NodeId id, Instant asked, bool answered);
    void local_deadlines_due();
    void arm_local_timer(Instant deadline);

    Env& env_;
    const Options& options_;
    LocalStorage* local_;
    std::map<NodeId, Node> nodes_;
    std::map<Call, Pending> pending_;
    Call last_call_;
    OwnedTimer local_timer_;
    OwnedTimer ping_timer_;
    LifeGuard guard_;
};

}  // namespace quern::balancer

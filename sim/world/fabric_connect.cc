// Listening and the three-way connect.
#include <algorithm>

#include "sim/world/fabric.h"
#include "sim/world/sim_network.h"
#include "system/base/assert.h"

namespace quern::sim {

namespace {
constexpr uint16_t ephemeral_port_first = 49152;

bool names_this_host(const std::string& host, const std::string& name) {
    return host == name || host.empty() || host == "0.0.0.0" || host == "localhost" ||
           host == "127.0.0.1";
}
bool names_loopback(const std::string& host) { return host == "localhost" || host == "127.0.0.1"; }
}  // namespace

uint16_t Fabric::take_port(Host& host) {
    for (;;) {
        const uint16_t port = host.next_port;
        host.next_port =
            port == UINT16_MAX ? ephemeral_port_first : static_cast<uint16_t>(port + 1);
        if (!host.listeners.contains(port)) return port;
    }
}

Result<Fabric::Bound> Fabric::listen(HostIndex index, const Endpoint& at,
                                     Callback<void(std::unique_ptr<Connection>)> accepted) {
    Host& host = hosts_[index];
    if (!names_this_host(at.host, host.name)) {
        return fail(ErrorCode::invalid_argument, "not an address of this machine: " + at.host);
    }
    const uint16_t port = at.port != 0 ? at.port : take_port(host);
    if (host.listeners.contains(port)) {
        return fail(ErrorCode::address_in_use, at.to_string());
    }
    ListenerState& listener = host.listeners[port];
    listener.number = ++listener_number_;
    listener.accepted = std::move(accepted);
    return Bound{port, listener.number};
}

void Fabric::unlisten(HostIndex host, uint16_t port, uint64_t number) {
    const auto it = hosts_[host].listeners.find(port);
    if (it == hosts_[host].listeners.end() || it->second.number != number) return;
    ListenerState dropped = std::move(it->second);
    hosts_[host].listeners.erase(it);
}

void Fabric::connect(HostIndex from, const Endpoint& to,
                     Callback<void(Result<std::unique_ptr<Connection>>)> done) {
    Host& host = hosts_[from];
    if (!host.running) return;
    const Host* target = names_loopback(to.host) ? &host : find_host(to.host);
    if (target == nullptr) {
        scheduler_.at(scheduler_.now(), host.owner, EventKind::connect, host.identity,
                      [run = std::move(done)]() mutable { run(fail(ErrorCode::not_found)); });
        return;
    }
    const uint64_t number = ++connect_number_;
    PendingConnect& pending = connects_[number];
    pending.from = from;
    pending.to = static_cast<HostIndex>(target - hosts_.data());
    pending.endpoint = to;
    pending.local_port = take_port(host);
    pending.identity =
        mix64(mix64(host.identity ^ (target->identity << 1)) + host.connect_ordinal++);
    pending.deadline = scheduler_.now() + options_.connect_timeout;
    pending.done = std::move(done);
    connect_attempt(number);
}

// A lost SYN is sent again after 1, 2, 4 s.
void Fabric::connect_attempt(uint64_t number) {
    const auto it = connects_.find(number);
    if (it == connects_.end() || it->second.answered) return;
    PendingConnect& pending = it->second;
    if (scheduler_.now() >= pending.deadline) {
        connect_finish(number, ErrorCode::timed_out);
        return;
    }
    if (!blocked(pending.from, pending.to)) {
        scheduler_.at(arrival(pending.from, pending.to, pending.identity, pending.attempt * 4, 64),
                      world_owner, EventKind::connect, pending.identity,
                      [this, number] { connect_arrived(number); });
    }
    const SimTime again = scheduler_.now() + Duration::seconds(int64_t{1} << pending.attempt++);
    scheduler_.at(std::min(again, pending.deadline), world_owner, EventKind::connect,
                  pending.identity, [this, number] { connect_attempt(number); });
}

void Fabric::connect_arrived(uint64_t number) {
    const auto it = connects_.find(number);
    if (it == connects_.end() || it->second.answered) return;
    PendingConnect& pending = it->second;
    const Host& host = hosts_[pending.to];
    if (!host.powered || blocked(pending.to, pending.from)) return;
    const auto listener = host.listeners.find(pending.endpoint.port);
    const bool listening = listener != host.listeners.end();
    if (listening && !host.refusing && listener->second.backlog >= options_.accept_backlog_max) {
        return;
    }
    if (host.refusing && listening) counters_.struck(FaultKind::refuse);
    pending.answered = true;
    const bool refused = !listening || host.refusing;
    scheduler_.at(arrival(pending.to, pending.from, pending.identity, pending.attempt * 4 + 1, 64),
                  world_owner, EventKind::connect, pending.identity, [this, number, refused] {
                      if (refused) {
                          connect_finish(number, ErrorCode::connection_refused);
                      } else {
                          establish(number);
                      }
                  });
}

void Fabric::connect_finish(uint64_t number, ErrorCode code) {
    const auto it = connects_.find(number);
    if (it == connects_.end()) return;
    PendingConnect pending = std::move(it->second);
    connects_.erase(it);
    scheduler_.at(scheduler_.now(), hosts_[pending.from].owner, EventKind::connect,
                  pending.identity,
                  [code, run = std::move(pending.done)]() mutable { run(fail(code)); });
}

void Fabric::establish(uint64_t number) {
    const auto it = connects_.find(number);
    if (it == connects_.end()) return;
    PendingConnect pending = std::move(it->second);
    connects_.erase(it);
    const Host& client = hosts_[pending.from];
    Host& server = hosts_[pending.to];
    const auto listener = server.listeners.find(pending.endpoint.port);

    const StreamId id = stream_make();
    Stream& stream = *find(id);
    StreamEnd& near = stream.ends[0];
    StreamEnd& far = stream.ends[1];
    near.host = pending.from;
    near.peer = pending.endpoint;
    near.identity = pending.identity;
    far.host = pending.to;
    far.peer = {client.name, pending.local_port};
    far.identity = mix64(pending.identity);
    near.last_arrival = arrival(pending.from, pending.to, pending.identity, 2, 64);
    near.attached = true;
    scheduler_.at(scheduler_.now(), client.owner, EventKind::connect, pending.identity,
                  [run = std::move(pending.done),
                   connection = make_connection(*this, id, 0, near.peer)]() mutable {
                      run(std::move(connection));
                  });
    if (listener == server.listeners.end()) {
        // It stopped listening meanwhile; an end without owner answers with a reset.
        far.gone = far.finished = true;
        scheduler_.at(near.last_arrival, client.owner, EventKind::deliver, far.identity,
                      [this, id] { fail_end(id, 0, ErrorCode::connection_reset); });
        return;
    }
    ++listener->second.backlog;
    const uint16_t port = pending.endpoint.port;
    const uint64_t listener_number = listener->second.number;
    scheduler_.at(near.last_arrival, server.owner, EventKind::accept, far.identity,
                  [this, id, port, listener_number] { accept(id, port, listener_number); });
}

void Fabric::accept(StreamId id, uint16_t port, uint64_t listener_number) {
    Stream* stream = find(id);
    if (stream == nullptr) return;
    StreamEnd& end = stream->ends[1];
    auto& listeners = hosts_[end.host].listeners;
    const auto it = listeners.find(port);
    if (it == listeners.end() || it->second.number != listener_number) {
        send_reset(id, 1);
        end.gone = end.finished = true;
        stream_release_if_done(id);
        return;
    }
    --it->second.backlog;
    end.attached = true;
    // The callback may destroy its listener: it stays out of the table while it runs.
    const HostIndex host = end.host;
    Callback<void(std::unique_ptr<Connection>)> accepted = std::move(it->second.accepted);
    accepted(make_connection(*this, id, 1, end.peer));
    const auto still = hosts_[host].listeners.find(port);
    if (still != hosts_[host].listeners.end() && still->second.number == listener_number) {
        still->second.accepted = std::move(accepted);
    }
}

}  // namespace quern::sim

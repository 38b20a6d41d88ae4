// Every bound of the product, with what happens there. A limit that is also a queue attribute's range
// is stated in contract.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quern::limits {

// Names and attributes.
constexpr size_t queue_name_bytes_max = 80;
constexpr size_t user_name_bytes_max = 80;
constexpr size_t tags_max = 50;
constexpr size_t tag_key_bytes_max = 128;
constexpr size_t tag_value_bytes_max = 256;

// Queues and users on one page of a listing; a request for more is invalid_argument.
constexpr uint32_t listed_queues_max = 1000;
constexpr uint32_t listed_users_max = 500;

// The catalogue. A command that would exceed one of these is refused with over_limit.
constexpr size_t queues_max = 1'000'000;  // deleted ones count until their group confirmed
constexpr size_t queue_records_bytes_max = 1024ull * 1024 * 1024;
constexpr size_t users_max = 100'000;
constexpr size_t access_keys_per_user_max = 2;
constexpr size_t access_key_id_bytes_max = 128;
constexpr size_t secret_bytes_max = 128;         // of an access key, in clear
constexpr size_t secret_sealed_bytes_max = 256;  // the same encrypted
constexpr size_t grants_per_user_max = 64;
constexpr size_t nodes_max = 64;
constexpr size_t groups_max = 4096;  // group 0 included
constexpr size_t replication_max = 7;
constexpr size_t host_bytes_max = 253;
// What watchers can catch up on; a cache further behind starts anew.
constexpr size_t change_log_entries_max = 65'536;
constexpr size_t change_log_bytes_max = 32 * 1024 * 1024;
// Sessions of the metadata group are never ended early: at the bound new ones are refused with
// overloaded until some expire.
constexpr size_t catalogue_sessions_max = 64 * 1024;
constexpr size_t catalogue_replies_bytes_max = 64 * 1024 * 1024;
constexpr size_t sweep_sessions_per_entry_max = 1000;
// Versions a cache remembers of records it does not hold; beyond it old answers are refused wholesale.
constexpr size_t cache_tombstones_max = 4096;

// Messages (body + attributes).
constexpr uint64_t message_bytes_min_of_max = 1024;
constexpr uint64_t message_bytes_max = 1024 * 1024;
// One client request: more is batch_too_large.
constexpr size_t batch_entries_max = 1000;
constexpr size_t batch_bytes_max = 4 * 1024 * 1024;
constexpr size_t receive_entries_max = 1000;
constexpr size_t receive_bytes_max = 4 * 1024 * 1024;

// Frames. Longer is frame_too_large and the connection is closed before anything is allocated.
constexpr size_t frame_bytes_max_before_auth = 8 * 1024;
constexpr size_t frame_bytes_max_client = 8 * 1024 * 1024;
constexpr size_t frame_bytes_max_peer = 32 * 1024 * 1024;
// Of entries: more raft messages of one turn go in another frame. One message may be longer.
constexpr size_t raft_frame_bytes_target = 8 * 1024 * 1024;
constexpr unsigned flatbuffer_depth_max = 16;
constexpr unsigned flatbuffer_tables_max = 20'000;

// A log entry: the leader closes its batch at whichever comes first.
constexpr size_t entry_commands_max = 1024;
constexpr size_t entry_bytes_target = 1024 * 1024;
constexpr size_t entry_bytes_max = 16 * 1024 * 1024;

// Uncommitted tail of one group; beyond it proposals are refused with overloaded.
constexpr size_t uncommitted_bytes_max = 64 * 1024 * 1024;
constexpr size_t proposals_pending_max = 16 * 1024;
// In flight from a leader to one follower.
constexpr size_t append_inflight_bytes_max = 8 * 1024 * 1024;
constexpr size_t append_inflight_messages_max = 64;
constexpr size_t append_bytes_max = 2 * 1024 * 1024;

// Sessions (client tokens): per group, then least recently used ones end.
constexpr size_t sessions_max = 16 * 1024;
constexpr size_t session_inflight_max = 1024;
constexpr int64_t session_idle_ms_max = 10 * 60 * 1000;
// A request may be applied until this long after its client stamped it.
constexpr int64_t request_horizon_ms_max = 2 * 60 * 1000;

// Parked long polls per group; beyond it a receive is answered at once.
constexpr size_t waiters_max = 64 * 1024;
// Work done on expired leases, delays, retention and purges by one entry; the rest waits for the next.
constexpr size_t sweep_messages_per_entry_max = 1000;

// Leased messages a queue, by default; beyond it a receive gets over_limit.
constexpr uint64_t leased_messages_default_max = 120'000;

// Connections.
constexpr size_t connection_out_bytes_max = 64 * 1024 * 1024;
constexpr size_t requests_inflight_per_connection_max = 4096;
// Requests that a node passes on to others for balancers; beyond it they are told to go elsewhere.
constexpr size_t relays_max = 4096;
constexpr int64_t handshake_ms_max = 5'000;

}  // namespace quern::limits

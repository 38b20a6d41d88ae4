// The list of planted bugs: name, room, what goes wrong. By room; most are from docs/faults.md, sections 3
// and 4.
#pragma once

// clang-format off
#define QUERN_PLANTED_BUG_LIST(X) \
    /* storage */ \
    X(ack_before_sync, "storage", \
      "a WAL write is called durable before it is synced") \
    X(sync_error_retried, "storage", \
      "a failed sync is tried again, and its success believed") \
    X(truncation_not_logged, "storage", \
      "a cut of the log is not recorded; replay brings the tail back") \
    X(wal_checksum_ignored, "storage", \
      "replay takes entries that do not match their checksum") \
    X(damage_taken_for_torn_tail, "storage", \
      "a damaged last batch is dropped as if it had never been acknowledged") \
    X(read_not_checked, "storage", \
      "an entry that is read back is not held against its checksum") \
    X(segments_freed_too_early, "storage", \
      "groups without a snapshot do not keep WAL segments") \
    X(snapshot_not_synced, "storage", \
      "a snapshot file is named before its bytes are synced") \
    X(snapshot_folder_not_synced, "storage", \
      "the name of a snapshot file is not synced") \
    X(bodies_not_synced, "storage", \
      "bodies that were carried over are not synced before the log is cut") \
    X(body_segment_freed_alive, "storage", \
      "a body segment is removed though a few of its bodies live") \
    X(segments_never_freed, "storage", \
      "the log is cut, but its segments stay") \
    X(old_snapshots_stay, "storage", \
      "the files of earlier snapshots are not removed") \
    X(full_disk_remembered, "storage", \
      "a disk that was full once takes no messages before a restart") \
    X(full_disk_is_failure, "storage", \
      "a disk without room is taken for a broken one") \
    /* raft */ \
    X(vote_cleared_on_step_down, "raft", \
      "a step down within a term forgets the vote") \
    X(votes_counted_not_voters, "raft", \
      "a vote that comes twice counts twice") \
    X(stale_vote_counted, "raft", \
      "a vote of an earlier term counts in this one") \
    X(vote_ignores_log, "raft", \
      "a vote is given though the candidate lacks entries") \
    X(damaged_replica_votes, "raft", \
      "a replica with a damaged log votes by what is left of it") \
    X(damaged_replica_campaigns, "raft", \
      "a replica with a damaged log stands for election") \
    X(pre_vote_raises_term, "raft", \
      "a pre-vote request changes the term of whom it asks") \
    X(commit_of_old_term, "raft", \
      "entries of earlier terms are committed by counting replicas") \
    X(leader_counts_unsynced, "raft", \
      "a leader counts itself before its own write is durable") \
    X(no_entry_at_term_start, "raft", \
      "a new leader serves without having committed an entry of its term") \
    X(append_cuts_the_rest, "raft", \
      "an append removes what stands behind it, conflict or not") \
    X(append_ignores_term, "raft", \
      "an append is taken without comparing the term before it") \
    X(refusal_is_acknowledgement, "raft", \
      "a leader takes a refused append for an acknowledged one") \
    X(heartbeat_commits_unmatched, "raft", \
      "a heartbeat tells a commit index beyond what the peer acknowledged") \
    X(ack_of_what_is_committed, "raft", \
      "a follower acknowledges all that is committed, though it has less") \
    X(elections_slow_down, "raft", \
      "who stood for election waits twenty timeouts before it does so again") \
    X(commit_waits_for_all, "raft", \
      "an entry is committed only when every live replica has it") \
    X(read_without_round, "raft", \
      "a leader answers reads without asking whether it still leads") \
    X(read_round_reused, "raft", \
      "a read is confirmed by heartbeats that left before it came") \
    /* queue */ \
    X(receipt_without_epoch, "queue", \
      "a receipt of an earlier lease still deletes and changes") \
    X(receipt_not_authenticated, "queue", \
      "the seal of a receipt is not checked") \
    X(receipt_of_any_queue, "queue", \
      "a receipt of another queue is taken") \
    X(counter_drift, "queue", \
      "a delayed message that becomes ready stays counted as delayed") \
    X(extended_lease_never_ends, "queue", \
      "a lease that was changed is not scheduled to end") \
    X(leases_stand_after_restore, "queue", \
      "leases and delays of a restored state never end") \
    X(snapshot_drops_leases, "queue", \
      "a restored state has no leases") \
    X(tokens_not_in_snapshot, "queue", \
      "what was answered to which token is not in snapshots") \
    X(lease_limit_ignored, "queue", \
      "more messages are leased than the queue allows") \
    X(one_message_too_many, "queue", \
      "a full queue takes one message more") \
    X(leased_message_dropped, "queue", \
      "dropping the oldest message drops one that is leased") \
    X(batch_judged_by_first, "queue", \
      "a batch is acknowledged by what became of its first message") \
    X(retention_from_receive, "queue", \
      "a message that was received does not expire") \
    X(purge_reuses_numbers, "queue", \
      "a purge starts the numbers of messages anew") \
    X(purge_not_remembered, "queue", \
      "a repeated purge is carried out again") \
    X(repetition_revives_lease, "queue", \
      "a repeated receive hands out leases that have ended") \
    X(late_duplicate_applied, "queue", \
      "a token that was forgotten is taken for a new one") \
    X(tokens_in_leader_memory, "queue", \
      "what was answered to which token is forgotten when another leader begins") \
    X(token_expiry_ignored, "queue", \
      "a request is applied after its expiry") \
    X(dedup_by_number_alone, "queue", \
      "tokens of all sessions of a user are one") \
    X(dropped_queue_comes_back, "queue", \
      "a queue that was dropped is made again from an old record") \
    X(stale_record_honoured, "queue", \
      "a request with an old record of the queue is carried out") \
    X(body_freed_on_stale_delete, "queue", \
      "a stale receipt frees the body of the message it does not delete") \
    X(stale_due_times_stay, "queue", \
      "when leases of deleted messages would have ended stays in memory") \
    X(body_never_freed, "queue", \
      "the body of a deleted message is kept") \
    /* metadata */ \
    X(successor_before_drop, "metadata", \
      "a queue is made anew while the deleted one of its name is not dropped yet") \
    X(queue_id_reused, "metadata", \
      "the id of the newest queue is given again once it is gone") \
    X(catalogue_forgets_tokens, "metadata", \
      "a repeated change of the catalogue is made again") \
    X(revoked_key_honoured, "metadata", \
      "a cached user is not told of changes") \
    X(watch_gap_ignored, "metadata", \
      "a watcher that missed changes is told only of later ones") \
    /* replica */ \
    X(vote_not_persisted, "replica", \
      "term and vote are not written") \
    X(promise_before_write, "replica", \
      "votes and acknowledgements leave before they are durable") \
    X(snapshot_recorded_before_file, "replica", \
      "the WAL names a snapshot before its file is durable") \
    X(snapshot_installed_before_file, "replica", \
      "a received snapshot is installed before its file is durable") \
    X(leader_trusts_its_clock, "replica", \
      "entries are stamped by the leader's own clock") \
    X(apply_by_local_clock, "replica", \
      "a replica applies by its own time, not by that of the entry") \
    X(one_command_at_a_time, "replica", \
      "a group's commands go one by one, each after the one before is applied") \
    X(no_tick, "replica", \
      "what time makes due waits until somebody writes") \
    X(receive_before_commit, "replica", \
      "messages are handed out before their lease is committed") \
    X(parked_too_late, "replica", \
      "a poll is parked a moment after it found nothing") \
    X(drop_leaves_polls_parked, "replica", \
      "the end of a queue does not end the polls that wait for it") \
    X(lost_leadership_is_refusal, "replica", \
      "a request under way when leadership is lost is called not done") \
    X(refusal_with_position, "replica", \
      "a refusal that is not the state machine's word claims to be final") \
    /* balancer */ \
    X(places_not_given_back, "balancer", \
      "a call in doubt keeps its place among those in flight for ever") \
    X(lost_answer_is_refusal, "balancer", \
      "an attempt whose answer was lost is taken for not done") \
    X(deletion_answered_early, "balancer", \
      "the deletion of a queue is answered before its group knows") \
    X(catalogue_change_without_token, "balancer", \
      "changes of the catalogue are passed on without their token") \
    X(refusal_from_cache, "balancer", \
      "a permission is refused by what the cache holds") \
    X(retry_follows_the_name, "balancer", \
      "a retry goes to a new queue of the same name") \
    X(purge_by_name, "balancer", \
      "a purge goes to whoever has the name now, and its repetition waits for the next one to have it") \
    /* node */ \
    X(broken_disk_not_told, "node", \
      "a node whose storage failed goes on without it, and nobody restarts it") \
    X(secrets_under_own_key, "node", \
      "secrets are sealed by a key of the node, so that no other can open them") \
    /* client */ \
    X(new_token_for_each_attempt, "client", \
      "each attempt of a call has a token of its own") \
    X(token_drawn_twice, "client", \
      "now and then two calls get the same token") \
    X(client_hides_doubt, "client", \
      "a call that may have been carried out is reported as not done") \
    /* wire */ \
    X(frame_checksum_ignored, "wire", \
      "frames are taken without checking their bytes") \
    X(lost_connection_is_refusal, "wire", \
      "requests on a lost connection count as never sent") \
    X(entries_share_a_term, "wire", \
      "all entries of an append are read with the first one's term")
// clang-format on

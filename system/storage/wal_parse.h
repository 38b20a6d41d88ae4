// Finds the batches in the bytes of one segment file. Pure; any bytes may come in.
#pragma once

#include "system/storage/wal_format.h"

namespace quern::storage {

struct ParsedBatch {
    Head head;
    uint64_t hash = 0;
    // One per record: true if an entry's payload fails its checksum here.
    std::vector<bool> damaged;
    // More of its sectors hold nothing but zeros, as segments do before they are written, than were written so, and
    // the disk gives all of it back: some of it never reached the disk. False: it is all there, so what fails a
    // checksum is damage.
    bool could_be_torn = false;
    bool whole() const;
};

struct ParsedSegment {
    uint64_t number = 0;
    Buffer bytes;
    std::vector<ParsedBatch> batches;  // sequences and offsets both rising; gaps are possible
    std::vector<DecodedHead> copies;   // of heads in this or other segments, in no order
    uint64_t used_bytes = 0;           // end of the last batch found
    // There is something behind the last batch: one more write was begun, so that batch had
    // completed.
    bool more_follows = false;
    // Behind the last batch, perhaps with a lost one in between, stands what was written whole and is lost now:
    // a head that has rotted, or a block that the disk cannot read.
    bool written_behind = false;
    bool foreign = false;  // holds a good batch of another node
};

// `unreadable_end`: of the last block that the disk could not read, 0 if there is none.
ParsedSegment parse_segment(Buffer bytes, uint64_t number, uint64_t tag, uint64_t unreadable_end = 0);

// A batch known from a copy of its head: its payloads are checked against the segment's bytes.
ParsedBatch check_payloads(DecodedHead head, ByteSpan segment);

}  // namespace quern::storage

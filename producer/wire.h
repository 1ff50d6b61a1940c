/* wire.h - the bytes between actor and broker. Little-endian; nothing is aligned.
 *
 * A request, from the actor:
 * OFFSET SIZE DESCRIPTION
 *   0   4  WIRE_REQUEST_MAGIC
 *   4   4  bytes of records after this header
 *   8   8  correlation id: the acknowledgement repeats it
 *  16   4  number of records
 *  20   4  CRC32C of the 20 bytes before
 *  24  ...  the records, each:
 *     0   4  payload bytes n
 *     4   4  CRC32C of all that follows in the record
 *     8   8  producer id
 *    16   8  sequence
 *    24   n  payload
 *
 * An acknowledgement, from the broker:
 *   0   4  WIRE_ACK_MAGIC
 *   4   4  enum wire_status
 *   8   8  correlation id
 *  16   4  number of records that were good
 *  20   4  CRC32C of the 20 bytes before
 */
#ifndef PRODUCER_WIRE_H
#define PRODUCER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_REQUEST_MAGIC 0x51525750u /* "PWRQ" */
#define WIRE_ACK_MAGIC 0x4b415750u     /* "PWAK" */
#define WIRE_HEADER_BYTES 24u
#define WIRE_RECORD_BYTES 24u /* besides the payload */
#define WIRE_ACK_BYTES 24u
#define WIRE_PAYLOAD_MAX (64u << 20)
/* A request holds one message of any size, or several of together at most WIRE_PAYLOAD_MAX. */
#define WIRE_RECORDS_MAX 65536u
#define WIRE_BODY_MAX (WIRE_PAYLOAD_MAX + WIRE_RECORDS_MAX * WIRE_RECORD_BYTES)

enum wire_status {
  WIRE_ACCEPTED = 0,
  WIRE_DAMAGED = 1, /* a record was not what its CRC says: none of the request counts */
};

struct wire_request {
  uint32_t body_bytes, records;
  uint64_t correlation;
};
struct wire_record {
  uint64_t producer_id, sequence;
  const void *payload;
  uint32_t length;
};
struct wire_ack {
  uint32_t status, records;
  uint64_t correlation;
};

/* CRC32C (Castagnoli), as iSCSI and ext4 have it: 0xE3069283 for "123456789". */
uint32_t wire_crc32c(const void *bytes, size_t length);

void wire_put_request(uint8_t header[WIRE_HEADER_BYTES], const struct wire_request *request);
/* Returns the bytes written: WIRE_RECORD_BYTES + length. */
size_t wire_put_record(uint8_t *at, const struct wire_record *record);
void wire_put_ack(uint8_t at[WIRE_ACK_BYTES], const struct wire_ack *ack);

/* Return false when the bytes are not that, or out of bounds. */
bool wire_get_request(const uint8_t header[WIRE_HEADER_BYTES], struct wire_request *request);
bool wire_get_ack(const uint8_t at[WIRE_ACK_BYTES], struct wire_ack *ack);
/* Reads the record at the start of `bytes`. Returns its size in the body, or 0 when it runs over
 * the end or its CRC is wrong. The payload points into the body. */
size_t wire_get_record(const uint8_t *at, size_t bytes, struct wire_record *record);

#endif

/* wire.c - puts and gets the structures of wire.h; knows bytes, no sockets.
 *
 * What is read comes from another process: every length is checked before it is used.
 */
#include "wire.h"

#include <endian.h>
#include <isa-l/crc.h>
#include <string.h>

static void put32(uint8_t *at, uint32_t value) {
  value = htole32(value);
  memcpy(at, &value, sizeof value);
}

static void put64(uint8_t *at, uint64_t value) {
  value = htole64(value);
  memcpy(at, &value, sizeof value);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return le32toh(value);
}

static uint64_t get64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return le64toh(value);
}

uint32_t wire_crc32c(const void *bytes, size_t length) {
  /* isa-l's prototype lacks a const and takes an int; nothing here is longer than a body */
  return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)length, ~0u);
}

void wire_put_request(uint8_t header[WIRE_HEADER_BYTES], const struct wire_request *request) {
  put32(header, WIRE_REQUEST_MAGIC);
  put32(header + 4, request->body_bytes);
  put64(header + 8, request->correlation);
  put32(header + 16, request->records);
  put32(header + 20, wire_crc32c(header, 20));
}

bool wire_get_request(const uint8_t header[WIRE_HEADER_BYTES], struct wire_request *request) {
  if (get32(header) != WIRE_REQUEST_MAGIC || get32(header + 20) != wire_crc32c(header, 20))
    return false;
  request->body_bytes = get32(header + 4);
  request->correlation = get64(header + 8);
  request->records = get32(header + 16);
  return request->body_bytes <= WIRE_BODY_MAX && request->records <= WIRE_RECORDS_MAX;
}

size_t wire_put_record(uint8_t *at, const struct wire_record *record) {
  put32(at, record->length);
  put64(at + 8, record->producer_id);
  put64(at + 16, record->sequence);
  if (record->length) memcpy(at + WIRE_RECORD_BYTES, record->payload, record->length);
  put32(at + 4, wire_crc32c(at + 8, WIRE_RECORD_BYTES - 8 + record->length));
  return WIRE_RECORD_BYTES + record->length;
}

size_t wire_get_record(const uint8_t *at, size_t bytes, struct wire_record *record) {
  if (bytes < WIRE_RECORD_BYTES) return 0;
  record->length = get32(at);
  if (record->length > bytes - WIRE_RECORD_BYTES) return 0;
  if (get32(at + 4) != wire_crc32c(at + 8, WIRE_RECORD_BYTES - 8 + record->length)) return 0;
  record->producer_id = get64(at + 8);
  record->sequence = get64(at + 16);
  record->payload = at + WIRE_RECORD_BYTES;
  return WIRE_RECORD_BYTES + record->length;
}

void wire_put_ack(uint8_t at[WIRE_ACK_BYTES], const struct wire_ack *ack) {
  put32(at, WIRE_ACK_MAGIC);
  put32(at + 4, ack->status);
  put64(at + 8, ack->correlation);
  put32(at + 16, ack->records);
  put32(at + 20, wire_crc32c(at, 20));
}

bool wire_get_ack(const uint8_t at[WIRE_ACK_BYTES], struct wire_ack *ack) {
  if (get32(at) != WIRE_ACK_MAGIC || get32(at + 20) != wire_crc32c(at, 20)) return false;
  ack->status = get32(at + 4);
  ack->correlation = get64(at + 8);
  ack->records = get32(at + 16);
  return true;
}

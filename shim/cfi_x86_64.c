/* cfi_x86_64.c - finds the FDE of a pc by the sorted table of .eh_frame_hdr and runs its
 * instructions.
 *
 * Works on tables that the linker made and ld.so mapped, so it trusts their pointers, but not that
 * it understands them: whatever it does not know makes the rule CFI_HARD.
 */
#if defined(__x86_64__)

#include "cfi_x86_64.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* DWARF register numbers of x86-64 */
enum { REGISTER_BP = 6, REGISTER_SP = 7, REGISTER_RA = 16 };

/* pointer encodings */
enum {
  PE_OMIT = 0xff,
  PE_FORM = 0x0f,
  PE_ABS = 0x00,
  PE_ULEB = 0x01,
  PE_UDATA2 = 0x02,
  PE_UDATA4 = 0x03,
  PE_UDATA8 = 0x04,
  PE_SLEB = 0x09,
  PE_SDATA2 = 0x0a,
  PE_SDATA4 = 0x0b,
  PE_SDATA8 = 0x0c,
  PE_BASE = 0x70,
  PE_PCREL = 0x10,
  PE_DATAREL = 0x30,
  PE_INDIRECT = 0x80,
};

struct bytes {
  const uint8_t *at, *end;
  bool bad; /* something was not understood */
};

static uint64_t take(struct bytes *in, unsigned size) {
  uint64_t value = 0;
  if (in->bad || (size_t)(in->end - in->at) < size) {
    in->bad = true;
    return 0;
  }
  memcpy(&value, in->at, size);
  in->at += size;
  return value;
}

static uint64_t take_uleb(struct bytes *in) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint64_t byte = take(in, 1);
    if (in->bad || shift > 63) {
      in->bad = true;
      return 0;
    }
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
}

static int64_t take_sleb(struct bytes *in) {
  uint64_t value = 0;
  for (unsigned shift = 0;;) {
    uint64_t byte = take(in, 1);
    if (in->bad || shift > 63) {
      in->bad = true;
      return 0;
    }
    value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte & 0x80) continue;
    if ((byte & 0x40) && shift < 64) value |= UINT64_MAX << shift;
    return (int64_t)value;
  }
}

/* A pointer in one of the encodings that .eh_frame uses. */
static uint64_t take_pointer(struct bytes *in, uint8_t encoding) {
  uint64_t place = (uint64_t)(uintptr_t)in->at, value;
  switch (encoding & PE_FORM) {
  case PE_ABS:
  case PE_UDATA8:
  case PE_SDATA8:
    value = take(in, 8);
    break;
  case PE_UDATA4:
    value = take(in, 4);
    break;
  case PE_SDATA4:
    value = (uint64_t)(int64_t)(int32_t)take(in, 4);
    break;
  case PE_UDATA2:
    value = take(in, 2);
    break;
  case PE_SDATA2:
    value = (uint64_t)(int64_t)(int16_t)take(in, 2);
    break;
  case PE_ULEB:
    value = take_uleb(in);
    break;
  case PE_SLEB:
    value = (uint64_t)take_sleb(in);
    break;
  default:
    in->bad = true;
    return 0;
  }
  if ((encoding & PE_BASE) == PE_PCREL && value)
    value += place;
  else if ((encoding & PE_BASE) != 0)
    in->bad = true;
  if (encoding & PE_INDIRECT) in->bad = true;
  return value;
}

/* ---- what the instructions compute ------------------------------------------------------ */

enum cfa_form { CFA_REGISTER, CFA_EXPRESSION };
enum save_form { SAVE_SAME, SAVE_AT_CFA, SAVE_AT_BP, SAVE_UNDEFINED, SAVE_OTHER };

struct row {
  enum cfa_form cfa_form;
  uint64_t cfa_register;
  int64_t cfa_offset;
  bool cfa_deref_known; /* CFA_EXPRESSION: it is *(bp + cfa_offset) */
  enum save_form bp, ra;
  int64_t bp_offset, ra_offset;
};

struct frame_info {
  struct bytes cie_program, fde_program;
  uint64_t pc_begin;
  uint64_t code_align;
  int64_t data_align;
  uint8_t encoding;
  bool signal;
  bool outside; /* the pc is in no function that has a table */
};

static void save(struct row *row, uint64_t which, enum save_form form, int64_t offset) {
  if (which == REGISTER_BP) {
    row->bp = form;
    row->bp_offset = offset;
  } else if (which == REGISTER_RA) {
    row->ra = form;
    row->ra_offset = offset;
  }
}

/* DW_OP_breg6 N; DW_OP_deref: the CFA of a function that realigned its stack. */
static void cfa_expression(struct bytes *in, struct row *row) {
  uint64_t size = take_uleb(in);
  struct bytes block = {in->at, in->at + size, in->bad || size > (uint64_t)(in->end - in->at)};
  row->cfa_form = CFA_EXPRESSION;
  row->cfa_deref_known = false;
  if (block.bad) {
    in->bad = true;
    return;
  }
  in->at = block.end;
  if (take(&block, 1) != 0x76) return;
  row->cfa_offset = take_sleb(&block);
  row->cfa_deref_known = take(&block, 1) == 0x06 && block.at == block.end && !block.bad;
}

/* A register saved at an address by expression: known only as DW_OP_breg6 N. */
static void save_expression(struct bytes *in, struct row *row) {
  uint64_t which = take_uleb(in), size = take_uleb(in);
  struct bytes block = {in->at, in->at + size, in->bad || size > (uint64_t)(in->end - in->at)};
  if (block.bad) {
    in->bad = true;
    return;
  }
  in->at = block.end;
  bool of_bp = take(&block, 1) == 0x76;
  int64_t offset = take_sleb(&block);
  save(row, which, of_bp && block.at == block.end && !block.bad ? SAVE_AT_BP : SAVE_OTHER, offset);
}

/* Runs a program until it has passed pc (UINT64_MAX: all of it). */
static void run(struct bytes in, const struct frame_info *frame, uint64_t pc, struct row *row,
                const struct row *initial, bool *bad) {
  struct row remembered[8];
  unsigned depth = 0;
  uint64_t at = frame->pc_begin;
  while (in.at < in.end && !in.bad && at <= pc) {
    uint8_t op = (uint8_t)take(&in, 1), low = op & 0x3f;
    uint64_t which;
    switch (op & 0xc0) {
    case 0x40:
      at += low * frame->code_align;
      continue; /* advance_loc */
    case 0x80:  /* offset */
      save(row, low, SAVE_AT_CFA, (int64_t)take_uleb(&in) * frame->data_align);
      continue;
    case 0xc0: /* restore */
      save(row, low, low == REGISTER_BP ? initial->bp : initial->ra,
           low == REGISTER_BP ? initial->bp_offset : initial->ra_offset);
      continue;
    default:
      break;
    }
    switch (op) {
    case 0x00:
      break; /* nop */
    case 0x01:
      at = take_pointer(&in, frame->encoding);
      break; /* set_loc */
    case 0x02:
      at += take(&in, 1) * frame->code_align;
      break; /* advance_loc1 */
    case 0x03:
      at += take(&in, 2) * frame->code_align;
      break; /* advance_loc2 */
    case 0x04:
      at += take(&in, 4) * frame->code_align;
      break;   /* advance_loc4 */
    case 0x05: /* offset_extended */
      which = take_uleb(&in);
      save(row, which, SAVE_AT_CFA, (int64_t)take_uleb(&in) * frame->data_align);
      break;
    case 0x06: /* restore_extended */
      which = take_uleb(&in);
      save(row, which, which == REGISTER_BP ? initial->bp : initial->ra,
           which == REGISTER_BP ? initial->bp_offset : initial->ra_offset);
      break;
    case 0x07:
      save(row, take_uleb(&in), SAVE_UNDEFINED, 0);
      break; /* undefined */
    case 0x08:
      save(row, take_uleb(&in), SAVE_SAME, 0);
      break;   /* same_value */
    case 0x09: /* register */
      which = take_uleb(&in);
      (void)take_uleb(&in);
      save(row, which, SAVE_OTHER, 0);
      break;
    case 0x0a: /* remember_state */
      if (depth == sizeof remembered / sizeof *remembered)
        in.bad = true;
      else
        remembered[depth++] = *row;
      break;
    case 0x0b: /* restore_state */
      if (depth == 0)
        in.bad = true;
      else
        *row = remembered[--depth];
      break;
    case 0x0c: /* def_cfa */
      row->cfa_form = CFA_REGISTER;
      row->cfa_register = take_uleb(&in);
      row->cfa_offset = (int64_t)take_uleb(&in);
      break;
    case 0x0d: /* def_cfa_register */
      row->cfa_form = CFA_REGISTER;
      row->cfa_register = take_uleb(&in);
      break;
    case 0x0e:
      row->cfa_offset = (int64_t)take_uleb(&in);
      break; /* def_cfa_offset */
    case 0x0f:
      cfa_expression(&in, row);
      break;
    case 0x10:
      save_expression(&in, row);
      break;
    case 0x11: /* offset_extended_sf */
      which = take_uleb(&in);
      save(row, which, SAVE_AT_CFA, take_sleb(&in) * frame->data_align);
      break;
    case 0x12: /* def_cfa_sf */
      row->cfa_form = CFA_REGISTER;
      row->cfa_register = take_uleb(&in);
      row->cfa_offset = take_sleb(&in) * frame->data_align;
      break;
    case 0x13:
      row->cfa_offset = take_sleb(&in) * frame->data_align;
      break; /* def_cfa_offset_sf */
    case 0x2e:
      (void)take_uleb(&in);
      break; /* GNU_args_size: nothing that the callee pops */
    default:
      in.bad = true; /* val_offset, val_expression, of other machines */
    }
  }
  *bad |= in.bad;
}

/* ---- finding ---------------------------------------------------------------------------- */

/* .eh_frame_hdr's table of (start, FDE), both relative to the header, sorted by start. */
static const uint8_t *find_fde(const uint8_t *header, uint64_t pc) {
  struct entry {
    int32_t start, fde;
  };
  struct bytes in = {header + 4, header + 64, false};
  if (header[0] != 1 || header[3] != (PE_DATAREL | PE_SDATA4)) return NULL;
  (void)take_pointer(&in, header[1]);
  uint64_t count = take_pointer(&in, header[2]);
  if (in.bad || count == 0) return NULL;
  const struct entry *table = (const void *)in.at;
  int64_t want = (int64_t)(pc - (uint64_t)(uintptr_t)header);
  uint64_t low = 0, high = count; /* the last entry whose start is <= want */
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    if (table[middle].start <= want)
      low = middle;
    else
      high = middle;
  }
  return table[low].start <= want ? header + table[low].fde : NULL;
}

static bool read_cie(const uint8_t *cie, struct frame_info *frame) {
  uint32_t length;
  memcpy(&length, cie, 4);
  struct bytes in = {cie + 4, cie + 4 + length, length == 0 || length == UINT32_MAX};
  if (take(&in, 4) != 0) return false;
  uint64_t version = take(&in, 1);
  if (version != 1 && version != 3) return false;
  const char *augmentation = (const char *)in.at;
  while (take(&in, 1) != 0 && !in.bad)
    ;
  frame->code_align = take_uleb(&in);
  frame->data_align = take_sleb(&in);
  uint64_t ra = version == 1 ? take(&in, 1) : take_uleb(&in);
  frame->encoding = PE_ABS;
  frame->signal = false;
  if (ra != REGISTER_RA || (*augmentation && *augmentation != 'z')) return false;
  if (*augmentation == 'z') {
    uint64_t size = take_uleb(&in);
    const uint8_t *end = in.at + size;
    for (const char *letter = augmentation + 1; *letter && !in.bad; letter++)
      switch (*letter) {
      case 'R':
        frame->encoding = (uint8_t)take(&in, 1);
        break;
      case 'L':
        (void)take(&in, 1);
        break;
      case 'P': {
        uint8_t encoding = (uint8_t)take(&in, 1);
        (void)take_pointer(&in, encoding & PE_FORM); /* its value is of no interest */
        break;
      }
      case 'S':
        frame->signal = true;
        break;
      default:
        return false;
      }
    in.at = end;
  }
  frame->cie_program = in;
  return !in.bad && in.at <= in.end;
}

static bool read_fde(const uint8_t *fde, uint64_t pc, struct frame_info *frame) {
  uint32_t length, back;
  memcpy(&length, fde, 4);
  memcpy(&back, fde + 4, 4);
  if (length == 0 || length == UINT32_MAX || back == 0) return false;
  const uint8_t *cie = fde + 4 - back;
  if (!read_cie(cie, frame)) return false;
  struct bytes in = {fde + 8, fde + 4 + length, false};
  frame->pc_begin = take_pointer(&in, frame->encoding);
  uint64_t size = take_pointer(&in, frame->encoding & PE_FORM);
  frame->outside = !in.bad && (pc < frame->pc_begin || pc - frame->pc_begin >= size);
  if (in.bad || frame->outside) return false;
  /* with "z" there is augmentation data to pass; without it, take_uleb would eat an instruction */
  if (cie[9] == 'z') {
    uint64_t skip = take_uleb(&in);
    if (in.bad || skip > (uint64_t)(in.end - in.at)) return false;
    in.at += skip;
  }
  frame->fde_program = in;
  return true;
}

static struct cfi_rule rule_of_row(const struct row *row) {
  const struct cfi_rule hard = {0, 0, CFI_HARD}, end = {0, 0, CFI_END};
  struct cfi_rule rule = {(int32_t)row->cfa_offset, CFI_BP_SAME, CFI_HARD};
  if (row->ra == SAVE_UNDEFINED) return end;
  if (row->ra != SAVE_AT_CFA || row->ra_offset != -8 || row->cfa_offset != rule.cfa) return hard;
  if (row->cfa_form == CFA_EXPRESSION && row->cfa_deref_known)
    rule.kind = CFI_BP_DEREF;
  else if (row->cfa_form == CFA_REGISTER && row->cfa_register == REGISTER_SP)
    rule.kind = CFI_SP;
  else if (row->cfa_form == CFA_REGISTER && row->cfa_register == REGISTER_BP)
    rule.kind = CFI_BP;
  if (row->bp != SAVE_SAME) {
    bool by_bp = rule.kind == CFI_BP_DEREF;
    if (row->bp != (by_bp ? SAVE_AT_BP : SAVE_AT_CFA) || row->bp_offset >= CFI_BP_SAME ||
        row->bp_offset < INT16_MIN)
      return hard;
    rule.bp = (int16_t)row->bp_offset;
  }
  return rule;
}

struct cfi_rule cfi_rule_of(uint64_t return_address) {
  const struct cfi_rule hard = {0, 0, CFI_HARD}, end = {0, 0, CFI_END};
  struct dl_find_object object;
  struct frame_info frame = {.outside = false};
  uint64_t pc = return_address - 1; /* in the call, not behind it */
  if (_dl_find_object((void *)(uintptr_t)pc, &object) != 0 || !object.dlfo_eh_frame) return hard;
  const uint8_t *fde = find_fde(object.dlfo_eh_frame, pc);
  /* a module's code without a table ends a stack, as what a coroutine's first frame returns to */
  if (!fde || !read_fde(fde, pc, &frame) || frame.signal) return frame.outside ? end : hard;
  struct row row = {.cfa_form = CFA_EXPRESSION}, initial;
  bool bad = false;
  run(frame.cie_program, &frame, UINT64_MAX, &row, &row, &bad);
  initial = row;
  run(frame.fde_program, &frame, pc, &row, &initial, &bad);
  return bad ? hard : rule_of_row(&row);
}

#endif

/*
 * Records what linux/can/bcm.h makes of messages to and from the broadcast manager, as JSON on standard output:
 *   cc -Wall -Werror -o bcm bcm.c && ./bcm > bcm.json
 * test/bcm-message.test.ts does this again and compares.
 */
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *comma = "";

#define NUMBER(name) (printf("%s\n    \"%s\": %u", comma, #name, (unsigned)(name)), comma = ",")
#define OFFSET(field) (printf("%s\n    \"%s\": %zu", comma, #field, offsetof(struct bcm_msg_head, field)), comma = ",")

static void message(const struct bcm_msg_head *head, const void *frames, const char *texts)
{
	size_t each = head->flags & CAN_FD_FRAME ? CANFD_MTU : CAN_MTU;
	size_t size = sizeof *head + head->nframes * each;
	unsigned char *bytes = calloc(1, size);

	memcpy(bytes, head, sizeof *head);
	if (head->nframes > 0)
		memcpy(bytes + sizeof *head, frames, head->nframes * each);
	printf("%s\n    { \"opcode\": %u, \"flags\": %u, \"count\": %u, \"ival1\": %lld, \"ival2\": %lld, \"canId\": %u,\n"
	       "      \"frames\": [%s], \"bytes\": \"",
	       comma, head->opcode, head->flags, head->count,
	       head->ival1.tv_sec * 1000000LL + head->ival1.tv_usec,
	       head->ival2.tv_sec * 1000000LL + head->ival2.tv_usec, head->can_id, texts);
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	printf("\" }");
	comma = ",";
	free(bytes);
}

int main(void)
{
	const unsigned one = 1;
	const struct can_frame two[2] = {
		{ .can_id = 0x123, .len = 4, .data = { 0xde, 0xad, 0xbe, 0xef } },
		{ .can_id = 0x12345678 | CAN_EFF_FLAG, .len = 8, .data = { 1, 2, 3, 4, 5, 6, 7, 8 } },
	};
	const struct can_frame remote = { .can_id = 0x7ff | CAN_RTR_FLAG, .len = 0 };
	struct canfd_frame fd = { .can_id = 0x42, .len = 64, .flags = CANFD_BRS };

	memset(fd.data, 0xa5, sizeof fd.data);
	printf("{\n  \"from\": \"packages/can/vectors/bcm.c\",\n  \"byteOrder\": \"%s\",\n  \"numbers\": {",
	       *(const unsigned char *)&one ? "little" : "big");
	NUMBER(TX_SETUP);
	NUMBER(TX_DELETE);
	NUMBER(TX_READ);
	NUMBER(TX_SEND);
	NUMBER(RX_SETUP);
	NUMBER(RX_DELETE);
	NUMBER(RX_READ);
	NUMBER(TX_STATUS);
	NUMBER(TX_EXPIRED);
	NUMBER(RX_STATUS);
	NUMBER(RX_TIMEOUT);
	NUMBER(RX_CHANGED);
	NUMBER(SETTIMER);
	NUMBER(STARTTIMER);
	NUMBER(TX_COUNTEVT);
	NUMBER(TX_ANNOUNCE);
	NUMBER(TX_CP_CAN_ID);
	NUMBER(RX_FILTER_ID);
	NUMBER(RX_CHECK_DLC);
	NUMBER(RX_NO_AUTOTIMER);
	NUMBER(RX_ANNOUNCE_RESUME);
	NUMBER(TX_RESET_MULTI_IDX);
	NUMBER(RX_RTR_FRAME);
	NUMBER(CAN_FD_FRAME);
	printf(",\n    \"BCM_HEAD_SIZE\": %zu", sizeof(struct bcm_msg_head));
	printf("\n  },\n  \"offsets\": {");
	comma = "";
	OFFSET(opcode);
	OFFSET(flags);
	OFFSET(count);
	OFFSET(ival1);
	OFFSET(ival2);
	OFFSET(can_id);
	OFFSET(nframes);
	OFFSET(frames);
	printf("\n  },\n  \"messages\": [");
	comma = "";
	message(&(struct bcm_msg_head){ .opcode = TX_SETUP, .flags = SETTIMER | STARTTIMER, .ival2 = { 0, 10000 },
				       .can_id = 0x123, .nframes = 2 },
		two, "\"123#DEADBEEF\", \"12345678#0102030405060708\"");
	message(&(struct bcm_msg_head){ .opcode = TX_SETUP, .flags = SETTIMER | STARTTIMER | TX_COUNTEVT | CAN_FD_FRAME,
				       .count = 5, .ival1 = { 2, 500000 }, .ival2 = { 34560000, 999999 },
				       .can_id = 0x42, .nframes = 1 },
		&fd, "\"042##1"
		"A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"
		"A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5\"");
	message(&(struct bcm_msg_head){ .opcode = TX_DELETE, .can_id = 0x12345678 | CAN_EFF_FLAG }, NULL, "");
	message(&(struct bcm_msg_head){ .opcode = RX_SETUP, .flags = RX_FILTER_ID | SETTIMER | RX_ANNOUNCE_RESUME,
				       .ival1 = { 0, 1 }, .can_id = 0xffffffff }, NULL, "");
	message(&(struct bcm_msg_head){ .opcode = TX_SEND, .can_id = 0x7ff | CAN_RTR_FLAG, .nframes = 1 },
		&remote, "\"7FF#R\"");
	printf("\n  ]\n}\n");
	return 0;
}

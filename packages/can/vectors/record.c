/*
 * Records what the kernel's headers make of CAN frames, filters and error numbers, as JSON on standard output:
 *   cc -Wall -Werror -o record record.c && ./record > linux.json
 * test/vectors.test.ts does this again and compares.
 */
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef CANFD_FDF
#define CANFD_FDF 0x04
#endif

/* Newer than the headers that this is compiled with. */
#ifndef CANXL_RRS
#define CANXL_RRS 0x02
#endif
#ifndef CANXL_VCID_OFFSET
#define CANXL_VCID_OFFSET 16
#endif

static void hex(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	putchar('"');
	for (size_t i = 0; i < size; i++)
		printf("%02x", at[i]);
	putchar('"');
}

static const char *comma = "";

static void classic(const char *text, canid_t id, unsigned len, unsigned len8_dlc,
		    const char *data, size_t size)
{
	struct can_frame frame;

	memset(&frame, 0, sizeof frame);
	frame.can_id = id;
	frame.len = len;
	frame.len8_dlc = len8_dlc;
	memcpy(frame.data, data, size);
	printf("%s\n    { \"text\": \"%s\", \"bytes\": ", comma, text);
	hex(&frame, sizeof frame);
	printf(" }");
	comma = ",";
}

static void fd(const char *text, canid_t id, unsigned flags, unsigned len, unsigned char fill)
{
	struct canfd_frame frame;

	memset(&frame, 0, sizeof frame);
	frame.can_id = id;
	frame.len = len;
	frame.flags = flags;
	memset(frame.data, fill, len);
	printf("%s\n    { \"text\": \"%s", comma, text);
	for (unsigned i = 0; i < len; i++)
		printf("%02X", fill);
	printf("\", \"bytes\": ");
	hex(&frame, sizeof frame);
	printf(" }");
	comma = ",";
}

static void xl(const char *text, unsigned prio, unsigned vcid, unsigned flags, unsigned sdt, unsigned af,
	       unsigned len, unsigned char fill)
{
	struct canxl_frame frame;

	memset(&frame, 0, sizeof frame);
	frame.prio = prio | vcid << CANXL_VCID_OFFSET;
	frame.flags = CANXL_XLF | flags;
	frame.sdt = sdt;
	frame.len = len;
	frame.af = af;
	memset(frame.data, fill, len);
	printf("%s\n    { \"text\": \"%s", comma, text);
	for (unsigned i = 0; i < len; i++)
		printf("%02X", fill);
	printf("\", \"bytes\": ");
	hex(&frame, CANXL_HDR_SIZE + len);
	printf(" }");
	comma = ",";
}

static void filter(unsigned id, unsigned mask, int inverted)
{
	struct can_filter one = { .can_id = id | (inverted ? CAN_INV_FILTER : 0), .can_mask = mask };

	printf("%s\n    { \"id\": %u, \"mask\": %u, \"inverted\": %s, \"bytes\": ", comma, id, mask,
	       inverted ? "true" : "false");
	hex(&one, sizeof one);
	printf(" }");
	comma = ",";
}

#define DATA(literal) (literal), sizeof(literal) - 1
#define NUMBER(name) (printf("%s\n    \"%s\": %u", comma, #name, (unsigned)(name)), comma = ",")

int main(void)
{
	const unsigned one = 1;

	printf("{\n  \"from\": \"packages/can/vectors/record.c\",\n  \"byteOrder\": \"%s\",\n  \"numbers\": {",
	       *(const unsigned char *)&one ? "little" : "big");
	NUMBER(AF_CAN);
	NUMBER(CAN_RAW);
	NUMBER(SOL_CAN_RAW);
	NUMBER(CAN_RAW_FILTER);
	NUMBER(CAN_RAW_ERR_FILTER);
	NUMBER(CAN_RAW_LOOPBACK);
	NUMBER(CAN_RAW_RECV_OWN_MSGS);
	NUMBER(CAN_RAW_FD_FRAMES);
	NUMBER(CAN_RAW_JOIN_FILTERS);
	NUMBER(CAN_RAW_FILTER_MAX);
	NUMBER(CAN_EFF_FLAG);
	NUMBER(CAN_RTR_FLAG);
	NUMBER(CAN_ERR_FLAG);
	NUMBER(CAN_SFF_MASK);
	NUMBER(CAN_EFF_MASK);
	NUMBER(CAN_INV_FILTER);
	NUMBER(CAN_MAX_DLEN);
	NUMBER(CANFD_MAX_DLEN);
	NUMBER(CAN_MTU);
	NUMBER(CANFD_MTU);
	NUMBER(CANFD_BRS);
	NUMBER(CANFD_ESI);
	NUMBER(CANFD_FDF);
	NUMBER(CANXL_MTU);
	NUMBER(CANXL_HDR_SIZE);
	NUMBER(CANXL_MIN_DLEN);
	NUMBER(CANXL_MAX_DLEN);
	NUMBER(CANXL_XLF);
	NUMBER(CANXL_SEC);
	NUMBER(CANXL_RRS);
	NUMBER(CANXL_VCID_OFFSET);

	printf("\n  },\n  \"errorClasses\": {");
	comma = "";
	NUMBER(CAN_ERR_TX_TIMEOUT);
	NUMBER(CAN_ERR_LOSTARB);
	NUMBER(CAN_ERR_CRTL);
	NUMBER(CAN_ERR_PROT);
	NUMBER(CAN_ERR_TRX);
	NUMBER(CAN_ERR_ACK);
	NUMBER(CAN_ERR_BUSOFF);
	NUMBER(CAN_ERR_BUSERROR);
	NUMBER(CAN_ERR_RESTARTED);
#ifdef CAN_ERR_CNT
	NUMBER(CAN_ERR_CNT);
#else
	printf(",\n    \"CAN_ERR_CNT\": 512");
#endif

	printf("\n  },\n  \"errorLocations\": {");
	comma = "";
	NUMBER(CAN_ERR_PROT_LOC_SOF);
	NUMBER(CAN_ERR_PROT_LOC_ID28_21);
	NUMBER(CAN_ERR_PROT_LOC_ID20_18);
	NUMBER(CAN_ERR_PROT_LOC_SRTR);
	NUMBER(CAN_ERR_PROT_LOC_IDE);
	NUMBER(CAN_ERR_PROT_LOC_ID17_13);
	NUMBER(CAN_ERR_PROT_LOC_ID12_05);
	NUMBER(CAN_ERR_PROT_LOC_ID04_00);
	NUMBER(CAN_ERR_PROT_LOC_RTR);
	NUMBER(CAN_ERR_PROT_LOC_RES1);
	NUMBER(CAN_ERR_PROT_LOC_RES0);
	NUMBER(CAN_ERR_PROT_LOC_DLC);
	NUMBER(CAN_ERR_PROT_LOC_DATA);
	NUMBER(CAN_ERR_PROT_LOC_CRC_SEQ);
	NUMBER(CAN_ERR_PROT_LOC_CRC_DEL);
	NUMBER(CAN_ERR_PROT_LOC_ACK);
	NUMBER(CAN_ERR_PROT_LOC_ACK_DEL);
	NUMBER(CAN_ERR_PROT_LOC_EOF);
	NUMBER(CAN_ERR_PROT_LOC_INTERM);

	printf("\n  },\n  \"frames\": [");
	comma = "";
	classic("123#", 0x123, 0, 0, DATA(""));
	classic("000#00", 0, 1, 0, DATA(""));
	classic("7FF#DEADBEEF", 0x7ff, 4, 0, DATA("\xde\xad\xbe\xef"));
	classic("00000123#4142434445464748", 0x123 | CAN_EFF_FLAG, 8, 0, DATA("ABCDEFGH"));
	classic("1FFFFFFF#41", 0x1fffffff | CAN_EFF_FLAG, 1, 0, DATA("A"));
	classic("123#R", 0x123 | CAN_RTR_FLAG, 0, 0, DATA(""));
	classic("12345678#R", 0x12345678 | CAN_EFF_FLAG | CAN_RTR_FLAG, 0, 0, DATA(""));
	classic("12345678#R5", 0x12345678 | CAN_EFF_FLAG | CAN_RTR_FLAG, 5, 0, DATA(""));
	classic("123#R8_F", 0x123 | CAN_RTR_FLAG, 8, 15, DATA(""));
	classic("123#4142434445464748_9", 0x123, 8, 9, DATA("ABCDEFGH"));
	classic("20000088#0000040A00000000", CAN_ERR_FLAG | CAN_ERR_PROT | CAN_ERR_BUSERROR, 8, 0,
		DATA("\0\0\x04\x0a\0\0\0\0"));
	fd("123##0", 0x123, 0, 0, 0);
	fd("123##1", 0x123, CANFD_BRS, 12, 0xa5);
	fd("00000123##2", 0x123 | CAN_EFF_FLAG, CANFD_ESI, 1, 0xff);
	fd("1FFFFFFF##3", 0x1fffffff | CAN_EFF_FLAG, CANFD_BRS | CANFD_ESI, 64, 0x5a);

	xl("00123#80:00:00000000#", 0x123, 0, 0, 0, 0, 1, 0x5a);
	xl("45123#81:03:12345678#", 0x123, 0x45, CANXL_SEC, 3, 0x12345678, 300, 0xa5);
	xl("FF7FF#83:FF:FFFFFFFF#", 0x7ff, 0xff, CANXL_SEC | CANXL_RRS, 0xff, 0xffffffff, 4, 0);

	printf("\n  ],\n  \"filters\": [");
	comma = "";
	filter(0x123, CAN_SFF_MASK, 0);
	filter(0x123, CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG, 1);
	filter(0x1fffffff | CAN_EFF_FLAG, CAN_EFF_MASK | CAN_EFF_FLAG, 0);
	filter(0, 0, 0);
	filter(0, 0, 1);
	printf("\n  ]\n}\n");
	return 0;
}

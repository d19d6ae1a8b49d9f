/*
 * Records what linux/can/isotp.h makes of ISO-TP's numbers and option structs, as JSON on standard output:
 *   cc -Wall -Werror -o isotp isotp.c && ./isotp > isotp.json
 * test/isotp-vectors.test.ts does this again and compares.
 */
#include <linux/can.h>
#include <linux/can/isotp.h>
#include <stdio.h>
#include <string.h>

static const char *comma = "";

static void bytes(const char *name, const void *value, size_t size)
{
	const unsigned char *at = value;

	printf("%s\n    \"%s\": \"", comma, name);
	for (size_t i = 0; i < size; i++)
		printf("%02x", at[i]);
	printf("\"");
	comma = ",";
}

#define NUMBER(name) (printf("%s\n    \"%s\": %u", comma, #name, (unsigned)(name)), comma = ",")

int main(void)
{
	const unsigned one = 1;
	struct can_isotp_options none = { .txpad_content = CAN_ISOTP_DEFAULT_PAD_CONTENT,
					  .rxpad_content = CAN_ISOTP_DEFAULT_PAD_CONTENT };
	struct can_isotp_options all = {
		.flags = CAN_ISOTP_LISTEN_MODE | CAN_ISOTP_EXTEND_ADDR | CAN_ISOTP_TX_PADDING | CAN_ISOTP_RX_PADDING |
			 CAN_ISOTP_CHK_PAD_LEN | CAN_ISOTP_CHK_PAD_DATA | CAN_ISOTP_HALF_DUPLEX |
			 CAN_ISOTP_FORCE_TXSTMIN | CAN_ISOTP_FORCE_RXSTMIN | CAN_ISOTP_RX_EXT_ADDR |
			 CAN_ISOTP_WAIT_TX_DONE,
		.frame_txtime = 1500000,
		.ext_address = 0x12,
		.txpad_content = 0x34,
		.rxpad_content = 0x56,
		.rx_ext_address = 0x78,
	};
	struct can_isotp_options many = none, broadcast = none, zero = none, same = none;
	struct can_isotp_fc_options fc = { .bs = 8, .stmin = 0xf3, .wftmax = 5 };
	struct can_isotp_ll_options classic = { .mtu = CAN_MTU, .tx_dl = CAN_MAX_DLEN };
	struct can_isotp_ll_options fd = { .mtu = CANFD_MTU, .tx_dl = 24, .tx_flags = CANFD_BRS };
	__u32 gap = 300000;

	many.flags = CAN_ISOTP_SF_BROADCAST;
	broadcast.flags = CAN_ISOTP_CF_BROADCAST;
	zero.frame_txtime = CAN_ISOTP_FRAME_TXTIME_ZERO;
	same.flags = CAN_ISOTP_EXTEND_ADDR;
	same.ext_address = same.rx_ext_address = 0x9a;
	printf("{\n  \"byteOrder\": \"%s\",\n  \"numbers\": {", *(const char *)&one ? "little" : "big");
	NUMBER(SOL_CAN_ISOTP);
	NUMBER(CAN_ISOTP_OPTS);
	NUMBER(CAN_ISOTP_RECV_FC);
	NUMBER(CAN_ISOTP_TX_STMIN);
	NUMBER(CAN_ISOTP_RX_STMIN);
	NUMBER(CAN_ISOTP_LL_OPTS);
	NUMBER(CAN_ISOTP_LISTEN_MODE);
	NUMBER(CAN_ISOTP_EXTEND_ADDR);
	NUMBER(CAN_ISOTP_TX_PADDING);
	NUMBER(CAN_ISOTP_RX_PADDING);
	NUMBER(CAN_ISOTP_CHK_PAD_LEN);
	NUMBER(CAN_ISOTP_CHK_PAD_DATA);
	NUMBER(CAN_ISOTP_HALF_DUPLEX);
	NUMBER(CAN_ISOTP_FORCE_TXSTMIN);
	NUMBER(CAN_ISOTP_FORCE_RXSTMIN);
	NUMBER(CAN_ISOTP_RX_EXT_ADDR);
	NUMBER(CAN_ISOTP_WAIT_TX_DONE);
	NUMBER(CAN_ISOTP_SF_BROADCAST);
	NUMBER(CAN_ISOTP_CF_BROADCAST);
	NUMBER(CAN_ISOTP_FRAME_TXTIME_ZERO);
	comma = "";
	printf("\n  },\n  \"structs\": {");
	bytes("none", &none, sizeof none);
	bytes("all", &all, sizeof all);
	bytes("functional", &many, sizeof many);
	bytes("noFlowControl", &broadcast, sizeof broadcast);
	bytes("zero", &zero, sizeof zero);
	bytes("address", &same, sizeof same);
	bytes("flow", &fc, sizeof fc);
	bytes("classic", &classic, sizeof classic);
	bytes("fd", &fd, sizeof fd);
	bytes("gap", &gap, sizeof gap);
	printf("\n  }\n}\n");
	return 0;
}

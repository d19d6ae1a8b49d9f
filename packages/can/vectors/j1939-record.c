/*
 * Records struct j1939_filter and the numbers of linux/can/j1939.h, as JSON on standard output:
 *   cc -Wall -Werror -o record j1939-record.c && ./record > j1939.json
 * test/j1939-vectors.test.ts does this again and compares.
 */
#include <linux/can.h>
#include <linux/can/j1939.h>
#include <stdio.h>
#include <string.h>

static void filter(const char *comma, const char *fields, name_t name, name_t name_mask, pgn_t pgn,
		   pgn_t pgn_mask, __u8 addr, __u8 addr_mask)
{
	struct j1939_filter one;
	const unsigned char *at = (const unsigned char *)&one;

	memset(&one, 0, sizeof one);
	one.name = name;
	one.name_mask = name_mask;
	one.pgn = pgn;
	one.pgn_mask = pgn_mask;
	one.addr = addr;
	one.addr_mask = addr_mask;
	printf("%s\n    { \"fields\": %s, \"bytes\": \"", comma, fields);
	for (size_t i = 0; i < sizeof one; i++)
		printf("%02x", at[i]);
	printf("\" }");
}

int main(void)
{
	printf("{\n  \"filters\": [");
	filter("", "{ \"pgn\": 61184 }", 0, 0, 0xef00, 0x3ffff, 0, 0);
	filter(",", "{ \"pgn\": 65226, \"from\": 32 }", 0, 0, 0xfeca, 0x3ffff, 0x20, 0xff);
	filter(",", "{ \"pgn\": 65280, \"pgnMask\": 261888, \"from\": 128, \"fromMask\": 240 }", 0, 0, 0xff00, 0x3ff00, 0x80, 0xf0);
	filter(",", "{ \"fromName\": \"0x8001020304050607\" }", 0x8001020304050607ull, ~0ull, 0, 0, 0, 0);
	filter(",", "{}", 0, 0, 0, 0, 0, 0);
	printf("\n  ],\n  \"numbers\": {\n");
	printf("    \"J1939_MAX_UNICAST_ADDR\": %d,\n", J1939_MAX_UNICAST_ADDR);
	printf("    \"J1939_IDLE_ADDR\": %d,\n", J1939_IDLE_ADDR);
	printf("    \"J1939_NO_ADDR\": %d,\n", J1939_NO_ADDR);
	printf("    \"J1939_PGN_REQUEST\": %d,\n", J1939_PGN_REQUEST);
	printf("    \"J1939_PGN_ADDRESS_CLAIMED\": %d,\n", J1939_PGN_ADDRESS_CLAIMED);
	printf("    \"J1939_PGN_ADDRESS_COMMANDED\": %d,\n", J1939_PGN_ADDRESS_COMMANDED);
	printf("    \"J1939_PGN_MAX\": %d,\n", J1939_PGN_MAX);
	printf("    \"J1939_FILTER_MAX\": %d\n  }\n}\n", J1939_FILTER_MAX);
	return 0;
}

/* Prints where the fields of a packet socket's rings are, as JSON: cc -o record record.c && ./record > linux.json */
#include <linux/if_packet.h>
#include <stddef.h>
#include <stdio.h>

#define OFFSET(type, member) printf(",\n    \"%s.%s\": %zu", #type, #member, offsetof(struct type, member))
#define SIZE(type) printf(",\n    \"%s\": %zu", #type, sizeof(struct type))
#define NUMBER(name) printf(",\n    \"%s\": %lld", #name, (long long)(name))

int main(void) {
  printf("{\n  \"offsets\": {\n    \"tpacket2_hdr.tp_status\": %zu", offsetof(struct tpacket2_hdr, tp_status));
  OFFSET(tpacket2_hdr, tp_len);
  OFFSET(tpacket2_hdr, tp_snaplen);
  OFFSET(tpacket2_hdr, tp_mac);
  OFFSET(tpacket2_hdr, tp_net);
  OFFSET(tpacket2_hdr, tp_sec);
  OFFSET(tpacket2_hdr, tp_nsec);
  OFFSET(tpacket2_hdr, tp_vlan_tci);
  OFFSET(tpacket2_hdr, tp_vlan_tpid);
  OFFSET(tpacket3_hdr, tp_next_offset);
  OFFSET(tpacket3_hdr, tp_sec);
  OFFSET(tpacket3_hdr, tp_nsec);
  OFFSET(tpacket3_hdr, tp_snaplen);
  OFFSET(tpacket3_hdr, tp_len);
  OFFSET(tpacket3_hdr, tp_status);
  OFFSET(tpacket3_hdr, tp_mac);
  OFFSET(tpacket3_hdr, tp_net);
  OFFSET(tpacket3_hdr, hv1.tp_rxhash);
  OFFSET(tpacket3_hdr, hv1.tp_vlan_tci);
  OFFSET(tpacket3_hdr, hv1.tp_vlan_tpid);
  OFFSET(tpacket_block_desc, hdr.bh1.block_status);
  OFFSET(tpacket_block_desc, hdr.bh1.num_pkts);
  OFFSET(tpacket_block_desc, hdr.bh1.offset_to_first_pkt);
  OFFSET(tpacket_block_desc, hdr.bh1.blk_len);
  OFFSET(tpacket_block_desc, hdr.bh1.seq_num);
  OFFSET(tpacket_block_desc, hdr.bh1.ts_first_pkt);
  OFFSET(tpacket_block_desc, hdr.bh1.ts_last_pkt);
  OFFSET(tpacket_req3, tp_block_size);
  OFFSET(tpacket_req3, tp_block_nr);
  OFFSET(tpacket_req3, tp_frame_size);
  OFFSET(tpacket_req3, tp_frame_nr);
  OFFSET(tpacket_req3, tp_retire_blk_tov);
  OFFSET(tpacket_req3, tp_sizeof_priv);
  OFFSET(tpacket_req3, tp_feature_req_word);
  OFFSET(sockaddr_ll, sll_protocol);
  OFFSET(sockaddr_ll, sll_ifindex);
  OFFSET(sockaddr_ll, sll_hatype);
  OFFSET(sockaddr_ll, sll_pkttype);
  printf("\n  },\n  \"sizes\": {\n    \"tpacket2_hdr\": %zu", sizeof(struct tpacket2_hdr));
  SIZE(tpacket3_hdr);
  SIZE(tpacket_block_desc);
  SIZE(tpacket_req);
  SIZE(tpacket_req3);
  SIZE(sockaddr_ll);
  printf(",\n    \"TPACKET2_HDRLEN\": %zu,\n    \"TPACKET3_HDRLEN\": %zu", (size_t)TPACKET2_HDRLEN, (size_t)TPACKET3_HDRLEN);
  printf("\n  },\n  \"numbers\": {\n    \"TPACKET_V2\": %d,\n    \"TPACKET_V3\": %d", TPACKET_V2, TPACKET_V3);
  NUMBER(TP_STATUS_KERNEL);
  NUMBER(TP_STATUS_USER);
  NUMBER(TP_STATUS_LOSING);
  NUMBER(TP_STATUS_CSUMNOTREADY);
  NUMBER(TP_STATUS_VLAN_VALID);
  NUMBER(TP_STATUS_BLK_TMO);
  NUMBER(TP_STATUS_VLAN_TPID_VALID);
  NUMBER(TP_STATUS_CSUM_VALID);
  NUMBER(TP_STATUS_TS_SOFTWARE);
  NUMBER(TP_STATUS_TS_RAW_HARDWARE);
  NUMBER(TP_STATUS_AVAILABLE);
  NUMBER(TP_STATUS_SEND_REQUEST);
  NUMBER(TP_STATUS_SENDING);
  NUMBER(TP_STATUS_WRONG_FORMAT);
  NUMBER(TP_FT_REQ_FILL_RXHASH);
  printf("\n  }\n}\n");
  return 0;
}

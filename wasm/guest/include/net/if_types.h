/* <net/if_types.h>: what an interface is. */
#ifndef _NET_IF_TYPES_H_
#define _NET_IF_TYPES_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#define IFT_OTHER 0x1
#define IFT_ETHER 0x6
#define IFT_PPP 0x17
#define IFT_LOOP 0x18
#define IFT_TUNNEL 0x83
#define IFT_L2VLAN 0x87
#define IFT_BRIDGE 0xd1

#endif

package tcp

import "wireloom/vnet/inet/tcp/syncache"

// Stats are counted as the BSDs count them (struct tcpstat of netinet/tcp_var.h): netstat -s -p tcp shows them.
// Its fields are that structure's.
type Stats struct {
	syncache.Stats
	ConnAttempt, Accepts, Connects, Drops, ConnDrops, Closed   uint64
	SegsTimed, RTTUpdated                                      uint64
	DelAck, TimeoutDrop, RexmtTimeo, PersistTimeo, PersistDrop uint64
	KeepTimeo, KeepProbe, KeepDrops                            uint64
	SndTotal, SndPack, SndByte, SndRexmitPack, SndRexmitByte   uint64
	SndRexmitBad, SndAcks, SndProbe, SndWinUp, SndCtrl         uint64
	RcvTotal, RcvPack, RcvByte, RcvBadSum, RcvBadOff           uint64
	RcvMemDrop                                                 uint64
	RcvDupPack, RcvDupByte, RcvPartDupPack, RcvPartDupByte     uint64
	RcvOOPack, RcvOOByte, RcvPackAfterWin, RcvByteAfterWin     uint64
	RcvAfterClose, RcvWinProbe, RcvDupAck, RcvAckTooMuch       uint64
	RcvAckPack, RcvAckByte, RcvWinUpd, RcvUrgent, PAWSDrop     uint64
	BadSYN, BadRST, ListenDrop, MTUResent                      uint64
	SACKRecovery, SACKRexmits, SACKRexmitBytes, SACKSendBlocks uint64
	SACKOverflow                                               uint64
	Challenges, ChallengeDrop, TailProbes                      uint64
}

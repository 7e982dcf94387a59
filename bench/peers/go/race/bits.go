package race

// Gaps is a bitmap as math/big's bytes, most significant first, of a range that begins at ordinal 1: all ordinals of
// the subnet are set but every n-th. The ranges of Kubernetes and Cilium are restored from such bytes.
func Gaps(prefix int, every uint32) []byte {
	last := Last(prefix)
	bytes := make([]byte, (last+7)/8)
	for ordinal := uint32(1); ordinal <= last; ordinal++ {
		if ordinal%every != 0 {
			offset := ordinal - 1
			bytes[uint32(len(bytes))-1-offset/8] |= 1 << (offset % 8)
		}
	}
	return bytes
}

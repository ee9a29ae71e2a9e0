package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// ErrDenied is the error of a request to an address of a DenyList.
var ErrDenied = errors.New("address is on the deny list")

// DenyList are networks that no connection is made to, whatever name they have
// and whoever redirects there.
type DenyList []netip.Prefix

// ParseDenyList reads addresses and networks such as 169.254.0.0/16.
func ParseDenyList(texts []string) (DenyList, error) {
	var list DenyList
	for _, text := range texts {
		text = strings.TrimSpace(text)
		network, err := netip.ParsePrefix(text)
		if err != nil {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network such as 169.254.0.0/16", text)
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		if a := network.Addr(); a.Is4In6() && network.Bits() >= 96 { // as they are compared
			network = netip.PrefixFrom(a.Unmap(), network.Bits()-96)
		}
		list = append(list, network.Masked())
	}
	return list, nil
}

// denies tells whether an address is in one of the networks.
func (l DenyList) denies(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, network := range l {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// Dialer connects to all other addresses.
func (l DenyList) Dialer() *net.Dialer {
	return &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, ControlContext: l.control}
}

// control sees the address of each connection, after names were resolved.
func (l DenyList) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s is no address", ErrDenied, address)
	}
	if l.denies(to.Addr()) {
		return fmt.Errorf("%w: %s", ErrDenied, to.Addr())
	}
	return nil
}

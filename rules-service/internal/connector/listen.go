package connector

import (
	"net"
	"strconv"
)

// Listen says where the service takes what others send to it.
type Listen struct {
	Host     string // "": all addresses
	Port     int    // 0: one that is free
	CertFile string // PEM; "": without TLS
	KeyFile  string
}

// Address is that of the listener.
func (l Listen) Address() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }

package ports

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// stateListen is how /proc/net/tcp writes the state of a listening socket.
const stateListen = "0A"

// maxCommand is as much of a command line as an error shows.
const maxCommand = 60

// ownerOf names the process that has a local TCP port: "pid 42 (mosquitto -p
// 1883)". It reads Linux's proc file system and returns "" where there is none
// or where the process belongs to someone else.
func ownerOf(proc string, port int) string {
	inode := inodeOf(proc, port)
	if inode == "" {
		return ""
	}
	sockets, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*")) // the pattern is valid
	for _, fd := range sockets {
		if target, err := os.Readlink(fd); err != nil || target != "socket:["+inode+"]" {
			continue
		}
		pid := filepath.Base(filepath.Dir(filepath.Dir(fd)))
		return fmt.Sprintf("pid %s (%s)", pid, commandOf(proc, pid))
	}
	return ""
}

// inodeOf returns the socket of a port, of a listening one first: an outgoing
// connection can hold a port as well.
func inodeOf(proc string, port int) string {
	any := ""
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(filepath.Join(proc, "net", table))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 10 || !hasPort(f[1], port) {
				continue
			}
			if f[3] == stateListen {
				return f[9]
			}
			any = f[9]
		}
	}
	return any
}

// hasPort reads an address such as 0100007F:075B.
func hasPort(address string, port int) bool {
	_, hex, found := strings.Cut(address, ":")
	n, err := strconv.ParseUint(hex, 16, 16)
	return found && err == nil && int(n) == port
}

func commandOf(proc, pid string) string {
	text, err := os.ReadFile(filepath.Join(proc, pid, "cmdline"))
	if err != nil || len(text) == 0 {
		return "unknown command"
	}
	command := string(bytes.ReplaceAll(bytes.TrimRight(text, "\x00"), []byte{0}, []byte(" ")))
	if len(command) > maxCommand {
		return strings.ToValidUTF8(command[:maxCommand], "") + " …"
	}
	return command
}

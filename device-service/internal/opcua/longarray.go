package opcua

import (
	"sync"

	"github.com/gopcua/opcua/ua"
)

// takeLongArrays makes the library take arrays with more than 65535 elements, as
// those of vibrations are. Its limit is one for the process.
var takeLongArrays = sync.OnceFunc(func() { ua.MaxVariantArrayLength = mostElements })

// Package dialect is the SQL of the rules service: the functions of the
// engine, with what the host adds to them.
package dialect

import (
	"sync"
	_ "time/tzdata" // convert_tz and the time zone of rules work on machines without these files

	"sluice/sqlengine/function"
)

// Functions are the functions that rules may call. It is one set for all.
var Functions = sync.OnceValue(func() *function.Set {
	set := function.Builtin()
	if err := set.AddCodec(zstdCodec()); err != nil {
		panic(err) // the engine has a codec of this name
	}
	return set
})

package function

// Builtin returns a new set of the functions of the dialect, to which an
// embedder may add its own. Make it once: filling it takes longer than
// compiling a query.
func Builtin() *Set {
	s := NewSet()
	for _, err := range []error{
		s.Add(
			absolute, acos, asin, atan, atan2, bitand, bitnot, bitor, bitxor, ceil, conv, cos, cosh, cot, degrees, exp,
			floor, ln, log, mod, pi, power, radians, random, round, sign, sin, sinh, sqrt, tan, tanh,
		),
		s.Add(
			concat, endswith, format, indexof, length, lower, lpad, ltrim, numbytes, regexpMatches, regexpReplace,
			regexpSubstr, reverse, rpad, rtrim, splitValue, startswith, substring, trim, upper,
		),
		s.Add(
			arrayCardinality, arrayConcat, arrayContains, arrayContainsAny, arrayCreate, arrayDistinct, arrayExcept,
			arrayFlatten, arrayIntersect, arrayJoin, arrayLastPosition, arrayMap(s), arrayMax, arrayMin, arrayPosition,
			arrayRemove, arrayShuffle, arraySort, arrayUnion, cardinality, elementAt, kvpairArrayToObj, repeat, sequence,
		),
		s.Add(erase, items, keys, object, objectConcat, objectConstruct, objectPick, objectSize, objToKvpairArray, values, zip),
		s.Add(
			cast, chr, coalesce, compress(s), crc32Hash, dec2hex, decode, decompress(s), encode, hex2dec, isnull, jsonPathExists,
			jsonPathQuery, jsonPathQueryFirst, md5Hash, parseJSON, sha1Hash, sha256Hash, sha384Hash, sha512Hash, toJSON, trunc,
		),
		s.Add(
			convertTZ, curDate, curTime, dateCalc, dateDiff, day, dayName, dayOfWeek, dayOfYear, formatTime, fromDays, fromUnixTime,
			hour, lastDay, micros, minute, month, monthName, now, quarter, second, toSeconds, tstamp, year,
		),
		s.Add(eventTime, getKeyedState, newuuid, props, ruleID, ruleStart, windowEnd, windowStart, windowTrigger),
		s.AddAggregate(
			avg, collect, count, deduplicate, greatest, lastValue, least, median, mergeAgg, percentileCont, percentileDisc,
			sampleStddev, sampleVariance, stddev, sum, variance,
		),
		s.Add(lastHitCount, lastHitTime, lastAggHitCount, lastAggHitTime),
		s.AddAnalytic(accAvg, accCount, accMax, accMin, accSum, changedCol, changedCols, hadChanged, lag, latestKnown),
	} {
		if err != nil {
			panic(err) // two declarations of this package clash
		}
	}
	for _, c := range standardCodecs() {
		if err := s.AddCodec(c); err != nil {
			panic(err)
		}
	}
	return s
}

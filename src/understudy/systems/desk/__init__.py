"""The approval desk: where a candidate hands a case over or asks a person first."""

"""Operations: parsed, limited, validated, executed."""

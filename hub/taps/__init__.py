"""What edges send: taken in, acknowledged, folded into taps and passages, judged again."""

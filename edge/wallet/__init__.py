"""What customers saved: points, stamps, vouchers and gift cards, earned and redeemed with or without a line."""

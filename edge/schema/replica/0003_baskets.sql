-- Training reads every consented history: without this it would walk through all other traits to find them.

CREATE INDEX trait_baskets ON trait (customer_id) WHERE name='baskets';

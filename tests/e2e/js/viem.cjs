// What viem reads of a node: `node viem.cjs read|heads|watch FACTS`; prints JSON, one object a line.

const { createPublicClient, defineChain, http, parseAbi } = require("viem");

const abi = parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"]);
const currency = { name: "Ether", symbol: "ETH", decimals: 18 };

const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);
const say = (what) => console.log(JSON.stringify(what, plain));

async function refused(asked) {
  try {
    return { answered: await asked };
  } catch (error) {
    return { code: error.walk?.((inner) => inner.code < 0)?.code, message: error.message, name: error.name };
  }
}

const entry = (tx) => ({
  hash: tx.hash, from: tx.from, to: tx.to, value: tx.value, nonce: tx.nonce, input: tx.input, block: tx.blockNumber,
  blockHash: tx.blockHash, index: tx.transactionIndex, chain: tx.chainId, type: tx.type,
});

const transfer = (log) => ({
  from: log.args.from, to: log.args.to, value: log.args.value, block: log.blockNumber, hash: log.transactionHash,
});

async function read(client, facts) {
  const events = { address: facts.ledger, abi, eventName: "Transfer", strict: true };
  const latest = await client.getBlock({ includeTransactions: true });
  const pending = await client.getBlock({ blockTag: "pending" });
  const receipt = await client.getTransactionReceipt({ hash: facts.closed });
  const fees = await client.getFeeHistory({ blockCount: 2, rewardPercentiles: [25, 75] });
  say({
    chain: await client.getChainId(),
    height: await client.getBlockNumber(),
    latest: { number: latest.number, hash: latest.hash, parent: latest.parentHash, time: latest.timestamp },
    whole: latest.transactions.map(entry),
    same: (await client.getBlock({ blockHash: latest.hash })).number,
    count: await client.getBlockTransactionCount({ blockNumber: latest.number }),
    pending: { number: pending.number, hash: pending.hash, transactions: pending.transactions },
    closed: entry(await client.getTransaction({ hash: facts.closed })),
    placed: entry(await client.getTransaction({ blockHash: latest.hash, index: 0 })),
    open: entry(await client.getTransaction({ hash: facts.open })),
    none: (await refused(client.getTransaction({ hash: facts.none }))).name,
    receipt: { status: receipt.status, block: receipt.blockNumber, logs: receipt.logs.length, gas: receipt.gasUsed },
    unmined: (await refused(client.getTransactionReceipt({ hash: facts.open }))).name,
    waited: (await client.waitForTransactionReceipt({ hash: facts.closed })).transactionHash,
    confirmations: await client.getTransactionConfirmations({ hash: facts.closed }),
    balance: await client.getBalance({ address: facts.recipient }),
    before: await client.getBalance({ address: facts.recipient, blockNumber: 0n }),
    flow: await client.getBalance({ address: facts.sender }),
    nonce: await client.getTransactionCount({ address: facts.sender }),
    pendingNonce: await client.getTransactionCount({ address: facts.sender, blockTag: "pending" }),
    logs: (await client.getContractEvents({ ...events, fromBlock: 0n })).map(transfer),
    received: (await client.getContractEvents({ ...events, args: { to: facts.recipient }, fromBlock: 0n })).map(transfer),
    code: (await client.getCode({ address: facts.ledger })) ?? "0x",
    price: await client.getGasPrice(),
    fees: fees.reward,
    cap: (await client.estimateFeesPerGas()).maxFeePerGas,
    call: await refused(client.call({ to: facts.ledger, data: "0x12345678" })),
    send: await refused(client.sendRawTransaction({ serializedTransaction: "0x00" })),
    absent: await refused(client.getBalance({ address: facts.recipient, blockNumber: 10n ** 9n })),
  });
}

async function heads(client, facts) {
  const at = async (blockTag) => [
    (await client.getBlock({ blockTag })).number, await client.getBalance({ address: facts.recipient, blockTag }),
  ];
  say({ latest: await at("latest"), safe: await at("safe"), finalized: await at("finalized") });
}

async function watch(client, facts) {
  client.watchContractEvent({
    address: facts.ledger, abi, eventName: "Transfer", strict: true, onLogs: (logs) => logs.map(transfer).map(say),
  });
  client.watchBlocks({ onBlock: (block) => say({ height: Number(block.number) }) });
  setTimeout(() => say({ ready: true }), 500);
}

async function main([what, given]) {
  const facts = JSON.parse(given);
  const chain = defineChain({
    id: facts.chain, name: "smart chain", nativeCurrency: currency, rpcUrls: { default: { http: [facts.url] } },
  });
  const transport = http(facts.url, { batch: true, retryCount: 0 });
  await { read, heads, watch }[what](createPublicClient({ chain, transport, pollingInterval: 100 }), facts);
}

main(process.argv.slice(2));

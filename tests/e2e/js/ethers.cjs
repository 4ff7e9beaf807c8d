// What ethers reads of a node: `node ethers.cjs read|heads|watch FACTS`; prints JSON, one object a line.

const { Contract, JsonRpcProvider } = require("ethers");

const TRANSFER = ["event Transfer(address indexed from, address indexed to, uint256 value)"];

const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);
const say = (what) => console.log(JSON.stringify(what, plain));

async function refused(asked) {
  try {
    return { answered: await asked };
  } catch (error) {
    return { code: error.info?.error?.code ?? error.error?.code, message: error.message };
  }
}

const entry = (tx) => ({
  hash: tx.hash, from: tx.from, to: tx.to, value: tx.value, nonce: tx.nonce, input: tx.data, block: tx.blockNumber,
  blockHash: tx.blockHash, index: tx.index, chain: tx.chainId, type: tx.type,
});

const transfer = (log) => ({
  from: log.args.from, to: log.args.to, value: log.args.value, block: log.blockNumber, hash: log.transactionHash,
});

async function read(provider, facts) {
  const ledger = new Contract(facts.ledger, TRANSFER, provider);
  const latest = await provider.getBlock("latest", true);
  const pending = await provider.getBlock("pending");
  const receipt = await provider.getTransactionReceipt(facts.closed);
  const fees = await provider.getFeeData();
  say({
    chain: (await provider.getNetwork()).chainId,
    height: await provider.getBlockNumber(),
    latest: { number: latest.number, hash: latest.hash, parent: latest.parentHash, time: latest.timestamp },
    whole: latest.prefetchedTransactions.map(entry),
    same: (await provider.getBlock(latest.hash)).number,
    pending: { number: pending.number, hash: pending.hash, transactions: pending.transactions },
    closed: entry(await provider.getTransaction(facts.closed)),
    open: entry(await provider.getTransaction(facts.open)),
    none: await provider.getTransaction(facts.none),
    receipt: { status: receipt.status, block: receipt.blockNumber, logs: receipt.logs.length, gas: receipt.gasUsed },
    unmined: await provider.getTransactionReceipt(facts.open),
    waited: (await (await provider.getTransaction(facts.closed)).wait()).hash,
    balance: await provider.getBalance(facts.recipient),
    before: await provider.getBalance(facts.recipient, 0),
    flow: await provider.getBalance(facts.sender),
    nonce: await provider.getTransactionCount(facts.sender),
    pendingNonce: await provider.getTransactionCount(facts.sender, "pending"),
    logs: (await ledger.queryFilter("Transfer", 0)).map(transfer),
    received: (await ledger.queryFilter(ledger.filters.Transfer(null, facts.recipient), 0)).map(transfer),
    code: await provider.getCode(facts.ledger),
    price: fees.gasPrice,
    call: await refused(provider.call({ to: facts.ledger, data: "0x12345678" })),
    send: await refused(provider.send("eth_sendRawTransaction", ["0x00"])),
    absent: await refused(provider.getBalance(facts.recipient, 10 ** 9)),
  });
}

async function heads(provider, facts) {
  const at = async (tag) => [
    String((await provider.getBlock(tag)).number), await provider.getBalance(facts.recipient, tag),
  ];
  say({ latest: await at("latest"), safe: await at("safe"), finalized: await at("finalized") });
}

async function watch(provider, facts) {
  provider.pollingInterval = 100;
  const ledger = new Contract(facts.ledger, TRANSFER, provider);
  await ledger.on("Transfer", (from, to, value, event) => say(transfer(event.log)));
  await provider.on("block", (number) => say({ height: number }));
  setTimeout(() => say({ ready: true }), 500);
}

async function main([what, given]) {
  const facts = JSON.parse(given);
  const provider = new JsonRpcProvider(facts.url);
  await { read, heads, watch }[what](provider, facts);
  if (what !== "watch") provider.destroy();
}

main(process.argv.slice(2));

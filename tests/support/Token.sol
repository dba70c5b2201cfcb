// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// The token of tests and of the demo: six decimals, and all of it is at first its maker's.
contract Token is ERC20 {
    constructor() ERC20("Demo Tether", "USDT") {
        _mint(msg.sender, 1_000_000_000 * 10 ** 6);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
